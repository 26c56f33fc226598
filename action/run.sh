#!/usr/bin/env bash
# What the action does. The program is the one that the action was checked out with, so who pins the action pins the program.
set -euo pipefail

words=("$COMMAND" --root "$ROOT")
[ -z "$SARIF" ] || words+=(--output-format "sarif=$SARIF")
help=
case $COMMAND in
    verify | doctor)
        words+=(--output-format github --output-format "markdown=$GITHUB_STEP_SUMMARY") ;;
    affected)
        help='%0Ahelp: actions/checkout with fetch-depth: 0'
        outputs=$(mktemp "$RUNNER_TEMP/common-sync.XXXXXX")
        words+=(--output-format "github=$outputs")
        if [ -n "${BASE//0/}" ]; then
            words+=("--since=$BASE")
        else # a new branch, or an event without a commit before it
            words+=("--since=0000000000000000000000000000000000000000" --or-all)
        fi ;;
    *)
        echo "::error title=common-sync::the action has no command ${COMMAND//[!a-z-]/?}: verify, doctor or affected"
        exit 2 ;;
esac
services=(--)
while IFS= read -r line; do
    [ -z "$line" ] || services+=("$line")
done <<< "$SERVICES"

common_sync() {
    uvx --quiet --from "$GITHUB_ACTION_PATH" common-sync "$@"
}
code=0
common_sync "${words[@]}" "${services[@]}" || code=$?
if [ -n "$REPORT" ] && [ "$code" -le 1 ]; then
    common_sync report --root "$ROOT" --output "$REPORT" "${services[@]}" || code=$?
fi
case $COMMAND-$code in
    affected-0) cat "$outputs" >> "$GITHUB_OUTPUT" ;;
    *-0) echo in-sync=true >> "$GITHUB_OUTPUT" ;;
    *-1) echo in-sync=false >> "$GITHUB_OUTPUT" ;;
    *) echo "::error title=common-sync::common-sync $COMMAND ended with $code: see the log of this step$help" ;;
esac
exit "$code"
