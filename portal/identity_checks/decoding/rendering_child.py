"""The process that decodes one document of a stranger: it locks itself up first and gives back raw pixels.

`rendition.py` starts it as a file of its own. It imports nothing of the portal, so it needs no database, no settings
and no key, and only this file and the decoders have to be visible to it.

Arguments: kind (jpeg, png, webp, heic, pdf), most pixels, most pages, longest edge of a rendition in pixels.
The document arrives on standard input. On standard output, numbers big-endian:
    R                               locked up and ready
    P count(1) then for each page   width(2) height(2) and width × height × 3 bytes of RGB
    X length(1) reason              refused: a code of `UploadProblem` and, after a space, a number
With the one argument `report` it prints instead how it is locked up, one line each.
"""

import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from io import BytesIO
from typing import IO, Any

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 10
NICENESS = 5
NOBODY = 65534
_LARGEST_DOCUMENT = 64 * 1024 * 1024

Page = tuple[int, int, bytes]


class Refused(Exception):
    """The document cannot be shown; the text is the reason's code."""


# The lock


def lock_down(*, needs_threads: bool = False) -> list[str]:
    """Give up for good everything that decoding does not need; return one line for each lock that holds.

    Import everything before: afterwards no file can be opened at all. No lock relies on another one, since a machine
    may lack any of them.

    Args:
        needs_threads: whether the decoder starts threads.
    """
    locks = []
    # A crash must not write a person's document to the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        locks += _leave_namespaces()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        locks.append("user: nobody")
    if sys.platform == "linux":
        locks += _give_up_privileges()
        locks += _give_up_files()
        locks += _forbid_calls()
    return locks + _limit_resources(needs_threads)


# Numbers of the kernel's interface: linux/sched.h, linux/prctl.h, linux/capability.h, linux/landlock.h
_NEW_IPC, _NEW_UTS, _NEW_USER, _NEW_NET = 0x08000000, 0x04000000, 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CAPABILITY_VERSION_3 = 0x20080522
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_VERSION = 1


def _kernel() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> int:
    unused = ctypes.c_ulong(0)
    result: int = _kernel().prctl(option, ctypes.c_ulong(value), unused, unused, unused)
    return result


def _leave_namespaces() -> list[str]:
    spaces = _NEW_NET | _NEW_IPC | _NEW_UTS
    if os.geteuid() != 0:
        spaces |= _NEW_USER
    return ["network: none (namespace of its own)"] if _kernel().unshare(spaces) == 0 else []


def _give_up_privileges() -> list[str]:
    kernel = _kernel()
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    has_none = kernel.capset(header, bytes(24)) == 0
    # This process dies when its parent dies. Set only now, since the change of user would have cleared it.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    gains_none = _prctl(_PR_SET_NO_NEW_PRIVS, 1) == 0
    return ["privileges: none, and none to gain"] if has_none and gains_none else []


def _give_up_files() -> list[str]:
    """Forbid, for every file, everything that this kernel's Landlock can forbid."""
    kernel = _kernel()
    kernel.syscall.restype = ctypes.c_long
    version = kernel.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION)
    if version < 1:
        return []
    file_rights = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    network_rights = 0b11 if version >= 4 else 0
    scopes = 0b11 if version >= 6 else 0
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = struct.pack("=QQQ", file_rights, network_rights, scopes)
    ruleset = kernel.syscall(_LANDLOCK_CREATE_RULESET, rules, ctypes.c_size_t(size), 0)
    if ruleset < 0 or kernel.syscall(_LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), 0) != 0:
        return []
    os.close(ruleset)
    return [f"files: none (Landlock {version})"]


# asm/unistd.h and linux/audit.h: socket socketpair bind listen accept connect sendto sendmsg, execve
# execveat, ptrace process_vm_readv process_vm_writev, unshare setns mount, open_by_handle_at, add_key
# request_key keyctl, bpf perf_event_open userfaultfd io_uring_setup, setsid setpgid, fork vfork
_FORBIDDEN = {
    "x86_64": (
        *(41, 53, 49, 50, 43, 42, 44, 46, 59, 322, 101, 310, 311, 272, 308, 165, 304, 248, 249, 250),
        *(321, 298, 323, 425, 112, 109, 57, 58),
    ),
    "aarch64": (
        *(198, 199, 200, 201, 202, 203, 206, 211, 221, 281, 117, 270, 271, 97, 268, 40, 265, 217, 218, 219),
        *(280, 241, 282, 425, 157, 154),
    ),
}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3, _CLONE_THREAD, _X32_CALLS = 435, 0x10000, 0x40000000
_PR_SET_SECCOMP, _SECCOMP_FILTER = 22, 2
_ALLOW, _DENY, _NOT_THERE, _KILL = 0x7FFF0000, 0x50000 | 1, 0x50000 | 38, 0x80000000
# linux/bpf_common.h: load a word, jump if equal, jump if any bit, jump if not less, return
_LOAD, _IF_EQUAL, _IF_BIT, _IF_FROM, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06


def _forbid_calls() -> list[str]:
    """Forbid the system calls that reach for the network, other programs or other processes (seccomp)."""
    machine = os.uname().machine
    if machine not in _FORBIDDEN:
        return []

    def then(code: int, value: int, answer: int) -> list[tuple[int, int, int, int]]:
        return [(code, 0, 1, value), (_RETURN, 0, 0, answer)]

    steps = [(_LOAD, 0, 0, 4), (_IF_EQUAL, 1, 0, _ARCHITECTURE[machine]), (_RETURN, 0, 0, _KILL)]
    steps += [(_LOAD, 0, 0, 0), *then(_IF_FROM, _X32_CALLS, _DENY)]
    for call in _FORBIDDEN[machine]:
        steps += then(_IF_EQUAL, call, _DENY)
    # A filter cannot see the flags of clone3; told that it does not exist, the C library uses clone.
    steps += then(_IF_EQUAL, _CLONE3, _NOT_THERE)
    # A thread may be started, a process may not.
    steps += [(_IF_EQUAL, 1, 0, _CLONE[machine]), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, 16)]
    steps += [*then(_IF_BIT, _CLONE_THREAD, _ALLOW), (_RETURN, 0, 0, _DENY)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = struct.pack("@HP", len(steps), ctypes.addressof(code))
    is_set = _kernel().prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_FILTER), program, 0, 0) == 0
    return ["calls: no socket, no program, no process (seccomp)"] if is_set else []


def _limit_resources(needs_threads: bool) -> list[str]:
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: 0,
        # No new descriptor at all, hence no file, no socket and no pipe, on whatever kernel.
        resource.RLIMIT_NOFILE: 0,
    }
    if not needs_threads:
        # Threads count as processes here.
        limits[resource.RLIMIT_NPROC] = 0
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))
    # The soft limit sends SIGXCPU, which names the reason; the hard limit, a second later, only kills.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    return [f"limits: {MEMORY_BYTES >> 20} MB of memory, {CPU_SECONDS} s of processor, no new file or socket"]


# The decoders. Each is imported by the one that needs it, before the lock.


def load_decoder(kind: str, most_pixels: int, most_pages: int, longest_edge: int) -> Callable[[bytes], list[Page]]:
    """Import what this kind needs and return the function that turns its bytes into pages."""
    if kind == "pdf":
        return _pdf_decoder(most_pages, longest_edge)
    return _picture_decoder(kind, most_pixels, longest_edge)


def _picture_decoder(kind: str, most_pixels: int, longest_edge: int) -> Callable[[bytes], list[Page]]:
    from PIL import (
        Image,
        TiffImagePlugin,  # noqa: F401  reads the orientation
    )

    Image.preinit()
    # Pillow would only warn at first. Our own limit is checked below, on the header.
    Image.MAX_IMAGE_PIXELS = None
    formats = {"jpeg": ["JPEG"], "png": ["PNG"], "webp": ["WEBP"], "heic": ["HEIF"]}[kind]
    if kind != "heic":  # phones' JPEG files often hold a second picture
        from PIL import MpoImagePlugin, WebPImagePlugin  # noqa: F401
    if kind == "heic":
        import pi_heif

        pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)

    def decode(data: bytes) -> list[Page]:
        try:
            return [_picture(data, formats, most_pixels, longest_edge)]
        except Refused:
            raise
        except Exception as error:
            bare = _without_notes(kind, data)
            if bare == data or "too large" in str(error):  # a note that unpacks without end is no damage
                raise
        return [_picture(bare, formats, most_pixels, longest_edge)]

    return decode


def _picture(data: bytes, formats: list[str], most_pixels: int, longest_edge: int) -> Page:
    from PIL import Image

    with Image.open(BytesIO(data), formats=formats) as picture:
        if picture.width * picture.height > most_pixels:
            raise Refused("too_many_pixels")
        picture.draft("RGB", (longest_edge, longest_edge))
        # Before the orientation is read: reading it decodes a PNG too, and hides that the file is broken.
        picture.load()
        orientation = _orientation(picture)
        small = _shrunk(picture, longest_edge)
    upright = _on_white(small)
    if orientation in _TURNED:
        upright = upright.transpose(Image.Transpose[_TURNED[orientation]])
    return upright.width, upright.height, upright.tobytes()


def _without_notes(kind: str, data: bytes) -> bytes:
    """Return a JPEG or PNG without what only describes it: a damaged note should cost the person no picture."""
    kept, at = [], 0
    if kind == "jpeg":
        kept, at = [data[:2]], 2
        while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] not in (b"\xda", b"\xd9", b""):
            end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            is_note = 0xE0 <= data[at + 1] <= 0xEF or data[at + 1] == 0xFE
            # A whole Adobe segment says how the colours are meant.
            if not is_note or (data[at + 1] == 0xEE and end - at >= 16):
                kept.append(data[at:end])
            at = max(end, at + 4)
    if kind == "png":
        kept, at = [data[:8]], 8
        while at + 8 <= len(data):
            end = at + 12 + int.from_bytes(data[at : at + 4], "big")
            if data[at + 4 : at + 5].isupper():  # the chunks that a picture cannot do without (ISO/IEC 15948, 5.4)
                kept.append(data[at:end])
            at = end
    return b"".join(kept) + data[at:]


_ORIENTATION = 0x0112
# What brings a picture of each orientation upright (TIFF 6.0, tag 274).
_TURNED = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE",
    8: "ROTATE_90",
}  # fmt: skip


def _orientation(picture: Any) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:
        # A damaged EXIF block raises anything; it should cost the person the orientation, not the picture.
        return 1


def _shrunk(picture: Any, longest_edge: int) -> Any:
    from PIL import ImageOps

    if picture.mode in {"I", "F"} or picture.mode.startswith("I;16"):
        # Sixteen bits of grey: keep the upper eight. A plain conversion would turn nearly everything white.
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.mode == "1":
        picture = picture.convert("L")
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    factor = max(picture.size) // (2 * longest_edge)
    if factor > 1:
        # Shrunk by a whole factor first: a conversion at full size would double the memory.
        picture = picture.reduce(factor)
    if max(picture.size) <= longest_edge:
        return picture
    # `contain` returns a new picture. Shrinking this one in place would not last: a HEIC of several photos is read
    # again, at full size, whenever it is used.
    return ImageOps.contain(picture, (longest_edge, longest_edge))


def _on_white(picture: Any) -> Any:
    from PIL import Image

    if picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, (255, 255, 255))
        paper.paste(picture, mask=picture.getchannel("A"))
        return paper
    return picture.convert("RGB")


def _pdf_decoder(most_pages: int, longest_edge: int) -> Callable[[bytes], list[Page]]:
    import pypdfium2
    import pypdfium2.raw

    def decode(data: bytes) -> list[Page]:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            is_locked = getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
            is_cut = b"%PDF-" in data[:1024] and b"%%EOF" not in data
            raise Refused("encrypted_pdf" if is_locked else "truncated" if is_cut else "unreadable") from error
        if not 1 <= len(document) <= most_pages:
            raise Refused(f"too_many_pages {len(document)}" if len(document) else "unreadable")
        return [_pdf_page(document[number], longest_edge) for number in range(len(document))]

    return decode


def _pdf_page(page: Any, longest_edge: int) -> Page:
    width, height = page.get_size()
    if not (1 <= width <= 20_000 and 1 <= height <= 20_000):
        raise Refused("unreadable")
    # Forms are not drawn, so that no script runs. Annotations are: people black out their number with them.
    bitmap = page.render(
        # Half a pixel less: the renderer rounds up, and 841.89 points must not become 2001 pixels.
        scale=min((longest_edge - 0.5) / max(width, height), 300 / 72),
        may_draw_forms=False,
        draw_annots=True,
        fill_color=(255, 255, 255, 255),
        rev_byteorder=True,
        prefer_bgrx=False,
    )
    row = bitmap.width * 3
    if bitmap.n_channels != 3 or max(bitmap.width, bitmap.height) > longest_edge:
        raise Refused("unreadable")
    pixels = bytes(bitmap.buffer)
    rows = (pixels[at : at + row] for at in range(0, bitmap.stride * bitmap.height, bitmap.stride))
    return bitmap.width, bitmap.height, b"".join(rows)


# The conversation with the parent


def _take_standard_output() -> IO[bytes]:
    """Return the pipe to the parent, and turn standard output elsewhere: what a library prints is not our answer."""
    mine = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return mine


def _answer(decode: Callable[[bytes], list[Page]], document: bytes) -> bytes:
    try:
        pages = decode(document)
    except Refused as refusal:
        return _refusal(str(refusal))
    except Exception as error:
        # A decoder fed with hostile bytes raises anything at all.
        return _refusal("truncated" if "truncated" in str(error) else "unreadable")
    head = b"P" + bytes((len(pages),))
    return head + b"".join(struct.pack(">HH", width, height) + pixels for width, height, pixels in pages)


def _refusal(reason: str) -> bytes:
    return b"X" + bytes((len(reason),)) + reason.encode("ascii")


def main(arguments: list[str]) -> None:
    parent = _take_standard_output()
    if arguments == ["report"]:
        parent.write("\n".join(lock_down()).encode())
        parent.close()
        return
    # A decompression bomb uses a processor until it is stopped; the pages that people wait for go first.
    os.nice(NICENESS)
    kind, *numbers = arguments
    decode = load_decoder(kind, *(int(number) for number in numbers))
    # The HEVC decoder always starts a thread of its own.
    lock_down(needs_threads=kind == "heic")
    parent.write(b"R")
    parent.flush()
    document = sys.stdin.buffer.read(_LARGEST_DOCUMENT)
    parent.write(_answer(decode, document))
    parent.close()


if __name__ == "__main__":
    main(sys.argv[1:])
