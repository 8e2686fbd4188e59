// Command interop reads a log with Go's own note and tlog packages (golang.org/x/mod/sumdb), which share no code with
// the project.
//
//	interop log DIR-or-URL VKEY [OLD-CHECKPOINT ...]   inclusion of every entry, consistency with older heads
//	interop receipt FILE ENTRY-FILE VKEY               a tlog-proof
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, args ...interface{}) {
	fmt.Printf("NOT VERIFIED: "+format+"\n", args...)
	os.Exit(1)
}

func must(b []byte, err error) []byte {
	if err != nil {
		fail("%v", err)
	}
	return b
}

type source string

func (s source) read(path string) ([]byte, error) {
	if !strings.HasPrefix(string(s), "http://") {
		return os.ReadFile(string(s) + "/" + path)
	}
	answer, err := http.Get(string(s) + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// Go's paths carry the height and another name for bundles: tile/8/0/001, tile/8/data/001.
func path(t tlog.Tile) string {
	p := strings.TrimPrefix(t.Path(), "tile/8/")
	return "tile/" + strings.Replace(p, "data/", "entries/", 1)
}

func (s source) Height() int                     { return 8 }
func (s source) SaveTiles([]tlog.Tile, [][]byte) {}
func (s source) ReadTiles(l []tlog.Tile) (out [][]byte, err error) {
	for _, t := range l {
		b, err := s.read(path(t))
		if err == nil && len(b) != t.W*tlog.HashSize {
			err = fmt.Errorf("%s: %d bytes", path(t), len(b))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

func checkpoint(b []byte, vkey string) (t tlog.Tree) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		fail("key: %v", err)
	}
	n, err := note.Open(b, note.VerifierList(v))
	if err != nil {
		fail("checkpoint: %v", err)
	}
	l := strings.Split(n.Text, "\n")
	if len(l) != 4 || l[0] != v.Name() {
		fail("checkpoint: %q", n.Text)
	}
	if t.N, err = strconv.ParseInt(l[1], 10, 64); err != nil {
		fail("size: %v", err)
	}
	if t.Hash, err = tlog.ParseHash(l[2]); err != nil {
		fail("root: %v", err)
	}
	return t
}

func bundles(s source, size int64) (out [][]byte) {
	for at := int64(0); at < size; at += 256 {
		w := size - at
		if w > 256 {
			w = 256
		}
		b := must(s.read(path(tlog.Tile{H: 8, L: -1, N: at / 256, W: int(w)})))
		for i := int64(0); i < w; i++ {
			if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
				fail("bundle %d is short", at/256)
			}
			n := 2 + int(binary.BigEndian.Uint16(b))
			out, b = append(out, b[2:n]), b[n:]
		}
		if len(b) != 0 {
			fail("bundle %d is too long", at/256)
		}
	}
	return out
}

// TileHashReader alone lets some changed tiles through, so what counts is the finished proof.
func inclusion(hashes tlog.HashReader, t tlog.Tree, at int64, entry []byte) int {
	p, err := tlog.ProveRecord(t.N, at, hashes)
	leaf := tlog.RecordHash(entry)
	if err == nil {
		err = tlog.CheckRecord(p, t.N, t.Hash, at, leaf)
	}
	if err != nil {
		fail("entry %d: %v", at, err)
	}
	for i := range p {
		p[i][at%32] ^= 1
		if tlog.CheckRecord(p, t.N, t.Hash, at, leaf) == nil {
			fail("entry %d: a changed proof passes", at)
		}
		p[i][at%32] ^= 1
	}
	leaf[0] ^= 1
	if tlog.CheckRecord(p, t.N, t.Hash, at, leaf) == nil {
		fail("entry %d: another entry passes", at)
	}
	return len(p) + 1
}

func consistency(hashes tlog.HashReader, t, old tlog.Tree, file string) int {
	if old.N == 0 || old.N > t.N {
		fail("%s has %d entries", file, old.N)
	}
	p, err := tlog.ProveTree(t.N, old.N, hashes)
	if err == nil {
		err = tlog.CheckTree(p, t.N, t.Hash, old.N, old.Hash)
	}
	if err != nil {
		fail("%s: %v", file, err)
	}
	for i := range p {
		p[i][0] ^= 1
		if tlog.CheckTree(p, t.N, t.Hash, old.N, old.Hash) == nil {
			fail("%s: a changed proof passes", file)
		}
		p[i][0] ^= 1
	}
	return len(p)
}

func whole(s source, vkey string, older []string) {
	t := checkpoint(must(s.read("checkpoint")), vkey)
	hashes, refused := tlog.TileHashReader(t, s), 0
	for i, e := range bundles(s, t.N) {
		refused += inclusion(hashes, t, int64(i), e)
	}
	for _, file := range older {
		refused += consistency(hashes, t, checkpoint(must(os.ReadFile(file)), vkey), file)
	}
	fmt.Printf("VERIFIED: %d entries included, %d older heads consistent, %d tampered proofs refused\n", t.N, len(older), refused)
}

func receipt(file, entry, vkey string) {
	b, e := must(os.ReadFile(file)), must(os.ReadFile(entry))
	cut := bytes.Index(b, []byte("\n\n"))
	if cut < 0 {
		fail("no checkpoint in the receipt")
	}
	lines := strings.Split(string(b[:cut]), "\n")
	for i, l := range lines {
		if i > 0 && strings.HasPrefix(l, "extra ") {
			lines = append(lines[:i], lines[i+1:]...)
			break
		}
	}
	if lines[0] != "c2sp.org/tlog-proof@v1" || len(lines) < 2 || !strings.HasPrefix(lines[1], "index ") {
		fail("not a tlog-proof")
	}
	at, err := strconv.ParseInt(lines[1][6:], 10, 64)
	if err != nil {
		fail("index: %v", err)
	}
	var p tlog.RecordProof
	for _, l := range lines[2:] {
		h, err := base64.StdEncoding.DecodeString(l)
		if err != nil || len(h) != tlog.HashSize {
			fail("hash: %q", l)
		}
		p = append(p, *(*tlog.Hash)(h))
	}
	t := checkpoint(b[cut+2:], vkey)
	if err := tlog.CheckRecord(p, t.N, t.Hash, at, tlog.RecordHash(e)); err != nil {
		fail("%v", err)
	}
	fmt.Printf("VERIFIED: entry %d under a head of %d\n", at, t.N)
}

func main() {
	switch {
	case len(os.Args) >= 4 && os.Args[1] == "log":
		whole(source(os.Args[2]), os.Args[3], os.Args[4:])
	case len(os.Args) == 5 && os.Args[1] == "receipt":
		receipt(os.Args[2], os.Args[3], os.Args[4])
	default:
		fmt.Println("usage: interop log DIR-or-URL VKEY [OLD-CHECKPOINT ...] | interop receipt FILE ENTRY-FILE VKEY")
		os.Exit(2)
	}
}
