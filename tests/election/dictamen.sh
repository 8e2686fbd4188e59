# Sourced by tests/demo as MOMENT: before the opening, what is installed is held against the dictamen. Ends the demo there.
before_open() {
	local web=$work/installed/web bad=0 got
	mkdir -p "$work/seen/web/js"; echo '<p>página</p>' >"$work/seen/web/index.html"; echo 'vota()' >"$work/seen/web/js/vote.js"
	install_pages() { rm -rf "$work/installed"; cp -r "$work/seen" "$work/installed"; }
	list() { $urna dictamen make --record "$R" --program $urnad --program $urna "$@" $(by auditoria); }
	open_it() { $urna open --record "$R" --socket "$S" --installed $urnad --installed $urna "$@" $(by operador) 2>&1; }
	tried() { # what, the line that must stand there, arguments
		local what=$1 want=$2; shift 2
		if got=$(open_it "$@"); then echo "MISSED  $what: it opened"; bad=1
		elif [ -e "$R/zero-report.json" ] || [ -e "$R/opening.json" ]; then echo "MISSED  $what: files were written"; bad=1
		elif ! grep -qE "$want" <<<"$got" || ! grep -q "does not open" <<<"$got"; then echo "MISSED  $what: $got"; bad=1
		else echo "ok      $what: $(grep -E "$want" <<<"$got" | head -1)"; fi
	}
	refused() { # what, pattern, command...
		local what=$1 want=$2; shift 2
		if got=$("$@" 2>&1) || ! grep -q "$want" <<<"$got"; then echo "MISSED  $what: $got"; bad=1; else echo "ok      $what"; fi
	}
	install_pages
	refused "a folder that is not there" "no such file" list --page "$work/nowhere"
	refused "a name twice" "listed twice" list --program $urna
	refused "a folder without a name" "its name is not in the path" list --page "$work/seen/web/."
	ln -s index.html "$work/seen/web/other.html"
	refused "a link in a folder of pages" "not a plain file" list --page "$work/seen/web"
	rm "$work/seen/web/other.html"
	list --page "$work/seen/web/" || bad=1
	names=$(sed -n 's/.*"name": "\(.*\)".*/\1/p' "$R/dictamen.json" | tr '\n' ' ')
	[ "$names" = "urnad urna web/index.html web/js/vote.js " ] || { echo "MISSED  names: $names"; bad=1; }
	echo >>"$web/js/vote.js"
	tried "a page changed" "web/js/vote.js +Con cambios" --installed "$web"
	install_pages; rm "$web/index.html"
	tried "a page missing" "web/index.html +No validado .no est. instalado" --installed "$web"
	install_pages; echo 'espía()' >"$web/js/more.js"
	tried "a page that the dictamen does not list" "web/js/more.js +No validado .no est. en el dictamen" --installed "$web"
	install_pages; mv "$work/installed/web" "$work/installed/www"
	tried "the pages under another name" "www/index.html +No validado" --installed "$work/installed/www"
	install_pages
	tried "the pages not named" "web/index.html +No validado"
	tried "a program that the dictamen does not list" "urna-verify +No validado" --installed "$web" --installed build/bin/urna-verify
	if got=$(open_it --installed "$web"); then echo "ok      what the auditor saw opens"; else echo "MISSED  what the auditor saw: $got"; bad=1; fi
	refused "another dictamen after the opening" "does not change any more" list --page "$web"
	$urna notary sign opening --record "$R" $(by notaria) --yes
	$urna open --load --socket "$S" >/dev/null || bad=1
	for _ in $(seq 50); do grep -q 'kind.*opening' "$R"/events/tile/entries/*/* 2>/dev/null && break; sleep 0.2; done
	build/bin/urna-verify record "$R" --until opening --quiet >"$work/verified" || { grep -v ' pass \|not yet' "$work/verified"; echo "MISSED  the record with pages"; bad=1; }
	python3 -B -c 'import json, sys
names = [f["name"] for f in json.load(open(sys.argv[1]))["files"]]
sys.exit(names != ["urnad", "urna", "web/index.html", "web/js/vote.js"])' "$R/zero-report.json" || { echo "MISSED  the zero report's files"; bad=1; }
	exit $bad
}
