// After a refused form the error summary gets the focus, so that it is read first.
document.querySelector("[data-focus]")?.focus();
