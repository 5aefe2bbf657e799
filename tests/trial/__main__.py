"""Long campaigns, with real processes and real kills: `make trial`, or `make trial TRIAL=reduced`."""

import sys
import time
import traceback
from collections.abc import Callable

from tests.trial.attack import let_a_crowd_in, withstand_an_attack
from tests.trial.clean_clone import run_on_a_clean_clone
from tests.trial.document_kills import kill_on_the_way_of_a_document
from tests.trial.erasing.kills import kill_on_the_way_of_an_erasure
from tests.trial.erasing.planted import search_for_what_was_planted
from tests.trial.erasing.races import race_about_erasures
from tests.trial.erasing.restores import restore_what_was_taken_back
from tests.trial.hostile_documents import send_hostile_documents
from tests.trial.kills import kill_imports, kill_workers
from tests.trial.locks.meetings import meet_on_postgresql
from tests.trial.locks.power_cuts import cut_the_power_of_postgresql
from tests.trial.locks.turns_on_sqlite import take_turns_on_sqlite
from tests.trial.packages import build_a_large_copy
from tests.trial.races import race_for_the_most_urgent
from tests.trial.slow_clients import hold_back_slow_clients
from tests.trial.suites import (
    look_at_every_page,
    run_the_journeys_on_postgresql,
    run_the_long_tests,
    walk_the_journeys,
)
from tests.trial.tampering import tamper_everywhere
from tests.trial.telling.kills import kill_on_the_way_of_a_correction
from tests.trial.telling.races import race_about_telling

CAMPAIGNS: list[Callable[[bool], str]] = [
    send_hostile_documents, kill_workers, kill_imports, kill_on_the_way_of_a_document, build_a_large_copy,
    kill_on_the_way_of_an_erasure, race_about_erasures, search_for_what_was_planted, restore_what_was_taken_back,
    kill_on_the_way_of_a_correction, race_about_telling,
    race_for_the_most_urgent, meet_on_postgresql, cut_the_power_of_postgresql, take_turns_on_sqlite, tamper_everywhere,
    hold_back_slow_clients, withstand_an_attack, let_a_crowd_in, look_at_every_page, walk_the_journeys, run_the_long_tests,
    run_the_journeys_on_postgresql, run_on_a_clean_clone,
]  # fmt: skip


def main(reduced: bool) -> int:
    """Run every campaign; return 1 when one of them found a fault."""
    failed = 0
    for campaign in CAMPAIGNS:
        began = time.monotonic()
        try:
            found = campaign(reduced)
        except Exception:
            traceback.print_exc()
            failed += 1
            found = "FAILED"
        print(f"{campaign.__name__}: {found} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{len(CAMPAIGNS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main("reduced" in sys.argv[1:]))
