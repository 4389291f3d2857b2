// Package e2e holds black-box tests: a real server, real clients.
package e2e

import (
	"os"
	"testing"

	"grenier/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// soak tells whether the full counts are asked for, by GRENIER_SOAK.
func soak() bool { return os.Getenv("GRENIER_SOAK") != "" }
