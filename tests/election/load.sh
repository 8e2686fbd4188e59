# Sourced by tests/demo in place of the voting: how fast, and with how much memory.
ticks() { awk '{print $14 + $15}' "/proc/$pid/stat"; }
new=$(($(wc -l <"$P/list.txt") / 10)); [ $new -le 400 ] || new=400
head -n -$new "$P/list.txt" >"$P/first.txt"; tail -n $new "$P/list.txt" >"$P/last.txt"
t0=$(date +%s.%N) c0=$(ticks)
$urna vote many --list "$P/first.txt" --otp-dir "$work/outbox" --threads 8 --receipts "$work/receipts" 2>/dev/null
t1=$(date +%s.%N) c1=$(ticks)
awk -v n="$(wc -l <"$P/first.txt")" -v s="$(echo "$t1 $t0" | awk '{print $1 - $2}')" -v c="$((c1 - c0))" -v hz="$(getconf CLK_TCK)" -v m="$(awk '/VmHWM/ {print $2}' "/proc/$pid/status")" 'BEGIN {
	printf "bench: whole votes over HTTP, voters on the same machine  %8.0f /s\n", n / s
	printf "bench: urnad a vote (login to confirmation)               %8.2f ms of one core: %.0f votes a second and core\n", c / hz / n * 1000, n / (c / hz)
	printf "bench: urnad memory at most                               %8.0f MB (target: under 200 at 100,000 ballots)\n", m / 1024 }'
casts() { # what, ballots...: cast over HTTP
	local what=$1 b c0 t0; shift
	for b; do printf 'url = "http://127.0.0.1:%s/cast"\ndata-binary = "@%s"\noutput = /dev/null\nnext\n' "$B" "$b"; done | sed '$d' >"$P/casts"
	c0=$(ticks) t0=$(date +%s.%N)
	curl -s --parallel --parallel-max 64 -K "$P/casts" || true
	awk -v what="$what" -v n=$# -v c="$(($(ticks) - c0))" -v s="$(date +%s.%N | awk -v t0="$t0" '{print $1 - t0}')" -v hz="$(getconf CLK_TCK)" 'BEGIN {
		printf "bench: casts over HTTP of ballots that are %-15s%8.0f /s, %.2f ms of one core each\n", what, n / s, c / hz / n * 1000 }'
}
casts "in the log" $(find "$work/receipts" -name '*.ballot' | sed -n 1,2000p)
mkdir -p "$P/new" # of voters who authorized, and whose ballots wait
awk '{print NR, $1, $2}' "$P/last.txt" | xargs -P 4 -L 1 sh -c '"$0" vote --message "$4" --choose "$5" --otp-dir "$1" --ballot "$2/$3" --no-cast >/dev/null' "$urna" "$work/outbox" "$P/new"
casts "new" "$P"/new/*
