#!/bin/sh
# Prints a folder in memory for what tests write, if there is one: 4 GiB that programs may run in.
folder=/dev/shm
free=$(df -Pk "$folder" 2>/dev/null | awk 'END {print $4}')
[ "${free:-0}" -ge 4194304 ] || exit 0
probe=$(mktemp "$folder/probe.XXXXXX" 2>/dev/null) || exit 0
printf '#!/bin/sh\n' >"$probe"
chmod +x "$probe"
if "$probe" 2>/dev/null; then echo "$folder"; fi
rm -f "$probe"
