# Sourced by tests/demo: the service is down for longer than the manifest lets heads of the box lie apart; the system clock jumps five
# minutes ahead, and then back, while the box is open (libfaketime; the monotonic clock stays); at last the box is suspended by order until it closes.
kill "$pid"; wait "$pid" 2>/dev/null || true
echo "+0" >"$work/faketime"
sleep 13; echo "jump: down for 13 s"
faked_urnad() {
	LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1) FAKETIME_TIMESTAMP_FILE=$PWD/$work/faketime FAKETIME_NO_CACHE=1 \
		DONT_FAKE_MONOTONIC=1 $urnad --config "$D/urnad.json" 2>>"$work/urnad.log" & pid=$!
}
faked_urnad
until_state() { for _ in $(seq 150); do [ "$(state)" = "$1" ] && { echo "jump: $1"; return; }; sleep 0.1; done; echo "jump: not $1 but $(state)"; exit 1; }
until_state open
half=$(($(wc -l <"$P/list.txt") / 2))
head -$half "$P/list.txt" >"$P/early.txt"; tail -n +$((half + 1)) "$P/list.txt" >"$P/late.txt"
$urna vote many --list "$P/early.txt" --otp-dir "$work/outbox" --threads 2 --receipts "$work/receipts"
echo "+300" >"$work/faketime"
until_state suspended
read -r message choose _ <"$P/late.txt"
if $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" >"$work/refused" 2>&1; then echo "a vote was taken while suspended"; exit 1; fi
echo "+0" >"$work/faketime"; sleep 1
until_state suspended # the clock coming back lifts nothing: somebody has to look
$urna amend resume --cause clock --record "$R" --motive "reloj corregido" --out "$work/resume.json" $(by operador)
$urna amend submit "$work/resume.json" --socket "$S"
until_state open
echo "-300" >"$work/faketime" # and back by itself, under an open box
until_state suspended
if $urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" >"$work/refused" 2>&1; then echo "a vote was taken while the clock was back"; exit 1; fi
[ "$(curl -s -o "$work/answer" -w '%{http_code}' --data-binary @"$work/receipts/0.ballot" "http://127.0.0.1:$B/cast")" = 503 ] || { echo "cast while the clock was back"; exit 1; }
echo "+0" >"$work/faketime"; sleep 1
until_state suspended
$urna amend resume --cause clock --record "$R" --motive "reloj corregido otra vez" --out "$work/resume-2.json" $(by operador)
$urna amend submit "$work/resume-2.json" --socket "$S"
until_state open
mkdir -p "$work/receipts/late"
$urna vote many --list "$P/late.txt" --otp-dir "$work/outbox" --threads 2 --receipts "$work/receipts/late"
$urna amend suspend --record "$R" --acuerdo INE/CG777/2026 --motive "hasta el cierre" --proposer "Consejo General" --out "$work/suspend.json" $(by operador)
$urna amend submit "$work/suspend.json" --socket "$S"
until_state suspended
kill -9 "$pid"; wait "$pid" 2>/dev/null || true
faked_urnad; until_state suspended
[ "$(curl -s -o "$work/answer" -w '%{http_code}' --data-binary @"$work/receipts/0.ballot" "http://127.0.0.1:$B/cast")" = 503 ] || { echo "a suspended box answered"; exit 1; }
