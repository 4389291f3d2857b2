// Package blobtest runs an S3 service for tests, as a process of its own.
package blobtest

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var build sync.Mutex

// S3 starts a service with an empty bucket, in memory, and returns the address
// to open it at. It ends with the test.
func S3(t testing.TB) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "fakes3")
	build.Lock()
	output, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, "grenier/internal/blob/blobtest/fakes3").CombinedOutput()
	build.Unlock()
	if err != nil {
		t.Fatalf("the S3 service cannot be built: %v\n%s", err, output)
	}
	command := exec.Command(program, "grenier")
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close() // which ends it
		_ = command.Wait()
	})
	address, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatalf("the S3 service did not start: %v", err)
	}
	return "s3+http://key:secret@" + strings.TrimSpace(address) + "/grenier?region=us-east-1&prefix=test"
}
