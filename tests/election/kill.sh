# Sourced by tests/demo in place of the voting: urnad dies while voters cast, and comes back.
all=$P/list.txt total=$(wc -l <"$P/list.txt")
split -n l/4 -d "$all" "$P/part-"
many() { # list, folder: voters whose receipt is missing try again until none is
	mkdir -p "$work/receipts/$2"
	for _ in $(seq 60); do
		: >"$1.todo"; local i=0 line
		while read -r line; do
			[ -e "$1.done/$i" ] || echo "$i $line" >>"$1.todo"; i=$((i + 1))
		done <"$1"
		[ -s "$1.todo" ] || return 0
		cut -d' ' -f2- "$1.todo" >"$1.now"; rm -rf "$1.got"; mkdir -p "$1.got" "$1.done"
		$urna vote many --list "$1.now" --otp-dir "$work/outbox" --threads 2 --receipts "$1.got" >/dev/null 2>>"$work/voters.log" || true
		i=0
		while read -r line; do # receipts by position in this run -> by position in the list
			if [ -e "$1.got/$i" ]; then
				mv "$1.got/$i" "$work/receipts/$2/${line%% *}"; touch "$1.done/${line%% *}"
				[ ! -e "$1.got/$i.ballot" ] || mv "$1.got/$i.ballot" "$work/receipts/$2/${line%% *}.ballot"
			fi
			i=$((i + 1))
		done <"$1.todo"
		sleep 0.5
	done
	echo "voters of $1 could not vote"; return 1
}
many "$P/part-00" 0 & one=$!
many "$P/part-01" 1 & two=$!
kills=0
while kill -0 $one 2>/dev/null || kill -0 $two 2>/dev/null; do
	sleep "$((RANDOM % 2)).$((RANDOM % 9 + 1))"
	[ $kills -lt 8 ] || continue
	kill -9 "$pid"; wait "$pid" 2>/dev/null || true; kills=$((kills + 1)); start_urnad
done
wait $one && wait $two || exit 1
echo "  killed $kills times with $(counts authorizations) authorizations at the end of the first half"
# an older copy of the registry authorizes nobody; the newer one put back, it goes on
before=$(counts authorizations)
kill "$pid"; wait "$pid" 2>/dev/null || true
cp "$D/registry.sqlite" "$P/registry.old"
start_urnad
[ "$(counts authorizations)" = "$before" ] || { echo "authorizations were lost"; exit 1; }
head -1 "$P/part-02" >"$P/first"; tail -n +2 "$P/part-02" >"$P/part-02b"
many "$P/first" first || exit 1
kill "$pid"; wait "$pid" 2>/dev/null || true
cp "$D/registry.sqlite" "$P/registry.new"; cp "$P/registry.old" "$D/registry.sqlite"
start_urnad
head -1 "$P/part-02b" >"$P/second"; read -r message choose _ <"$P/second"
if got=$($urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" 2>&1); then echo "an older registry authorized: $got"; exit 1; fi
grep -q "registry" <<<"$got" || { echo "wrong reason: $got"; exit 1; }
echo "  an older registry authorizes nobody"
kill "$pid"; wait "$pid" 2>/dev/null || true
cp "$P/registry.new" "$D/registry.sqlite"
start_urnad
many "$P/part-02b" 2 & one=$!
many "$P/part-03" 3 & two=$!
while kill -0 $one 2>/dev/null || kill -0 $two 2>/dev/null; do
	sleep "$((RANDOM % 2)).$((RANDOM % 9 + 1))"
	[ $kills -lt 16 ] || continue
	kill -9 "$pid"; wait "$pid" 2>/dev/null || true; kills=$((kills + 1)); start_urnad
done
wait $one && wait $two || exit 1
[ "$(counts authorizations)" = "$total" ] || { echo "authorizations: $(counts authorizations) of $total"; exit 1; }
echo "  killed $kills times; $total voters have a receipt, $(counts authorizations) authorizations"
