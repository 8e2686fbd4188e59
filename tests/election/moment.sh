# Sourced by tests/demo at each phase: the record of that moment, when the witnesses have cosigned its heads.
heads() { cat "$R"/{events,ballots}/checkpoint 2>/dev/null || true; }
logs=events; case $moment in key | opening) ;; *) logs="events ballots" ;; esac
for _ in $(seq 100); do
	before=$(heads) enough=yes
	rm -rf "$work/at-$moment"; cp -r "$R" "$work/at-$moment" 2>/dev/null || true
	for log in $logs; do [ "$(grep -c '^— testigo-' "$work/at-$moment/$log/checkpoint" || true)" -ge 2 ] || enough=; done
	[ -z "$enough" ] || [ "$before" != "$(heads)" ] || [ -n "$(find "$work/at-$moment" -name '*.tmp-*')" ] || break
	sleep 0.2
done
