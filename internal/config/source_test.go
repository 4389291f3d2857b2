package config

import (
	"strings"
	"testing"
)

// A setting that is written in the file as on the command line is told its name.
func TestNamesOfTheFile(t *testing.T) {
	_, _, err := parseFile("grenier.toml", []byte(`fetch-allow = "10.0.0.0/8"`), []string{"fetch-allow"})
	if err == nil || !strings.Contains(err.Error(), "in the file it is fetch_allow") {
		t.Errorf("%v", err)
	}
}
