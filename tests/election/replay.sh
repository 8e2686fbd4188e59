# Sourced by tests/demo as MOMENT, in an election and in another one under the same key (--again): what was good in the first
# is shown to the second.
. tests/election/refuse.sh
if [ "$moment" = opening ] && [ -z "$again" ]; then # one voter keeps what is hers
	head -n 1 "$P/list.txt" >"$P/own.txt"; sed -i 1d "$P/list.txt"
fi
before_close() {
	local choose style
	if [ -z "$again" ]; then
		read -r message choose _ <"$P/own.txt"; cp "$message" "$work/own.message"
		$urna vote --message "$message" --choose "$choose" --otp-dir "$work/outbox" --receipt "$work/receipts/own" --mine "$work/own.mine" >/dev/null
		cp "$work/receipts/own.ballot" "$work/own.ballot"
		return
	fi
	kept=$(stores)
	expect "a ballot of another election under the same key" 400 "$(post "$B/cast" @"$work/own.ballot")" "election"
	style=$(od -An -tu1 -j33 -N1 "$work/own.ballot")
	forger ballot "$R" "$work/first" "$work/own.message" "$work/own.mine" "$work/own.ballot" $((style)) "$work/bad"
	expect "a ballot of this election with a token of another" 403 "$(post "$B/cast" @"$work/bad")" "token"
	[ "$(stores)" = "$kept" ] || { echo "what was refused changed the stores: $kept, then $(stores)"; exit 1; }
	refuse "a voter's message of another election" "password is wrong" $urna vote --message "$work/own.message" --choose pre=PAN --otp-dir "$work/outbox"
}
