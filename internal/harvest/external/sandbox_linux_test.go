package external

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

func TestSandboxHidesTheDataFolder(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if err := os.MkdirAll(filepath.Join(data, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(data, "deep", "grenier.db")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := script(t, `for file in "$1" /etc/hostname-of-nobody; do :; done
try() { if ( eval "$2" ) 2>/dev/null >/dev/null; then echo "$1: yes" >&2; else echo "$1: no" >&2; fi; }
try data "cat $1"
try list "ls $2"
try script "cat $0"
try own "echo x > \$TMPDIR/x && cat \$TMPDIR/x"
try outside "echo x > $3/x"
try system "cat /etc/passwd"
echo '{"t":"end","complete":true}'`)
	outside := t.TempDir()
	p.Command = append(p.Command, secret, data, outside)
	// The script and what it reads are given as arguments, which a plug-in may read:
	// what is hidden stays hidden all the same.
	lines, err := harvesttest.Collect(t, New(p, Options{Hidden: []string{data}}), asking("https://a.example/"))
	if err != nil {
		t.Fatal(err)
	}
	want := "log data: no|log list: no|log script: yes|log own: yes|log outside: no|log system: yes|end"
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION); errno != 0 {
		if !slices.ContainsFunc(lines, func(l harvest.Line) bool { return strings.Contains(l.Message, "This system has no Landlock") }) {
			t.Errorf("without Landlock (%v) it says nothing of that: %s", errno, told(lines))
		}
		return
	}
	if got := told(lines); got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
}
