package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestHarvestersOfAFile(t *testing.T) {
	text := `
language = "en"
[harvest.external.socrata]
command = ["/opt/harvesters/socrata", "--quiet"]
timeout = "3h"
max_rss = "512MiB"
user = "harvest"
read = ["/srv/tables"]
[harvest.external.arches]
endpoint = "https://h.example/harvest"
secret = "0123456789abcdef"
idle_timeout = "90s"
concurrency = 3
sandbox = false
`
	values, got, err := parseFile("grenier.toml", []byte(text), []string{"language"})
	if err != nil || values["language"] != "en" {
		t.Fatal(values, err)
	}
	want := []Harvester{
		{ID: "arches", Endpoint: "https://h.example/harvest", Secret: "0123456789abcdef", Timeout: 2 * time.Hour, IdleTimeout: 90 * time.Second, MaxRSS: 1 << 30, Concurrency: 3},
		{ID: "socrata", Command: []string{"/opt/harvesters/socrata", "--quiet"}, Timeout: 3 * time.Hour, IdleTimeout: 5 * time.Minute, MaxRSS: 512 << 20, Concurrency: 1, User: "harvest", Read: []string{"/srv/tables"}, Sandbox: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestWrongHarvesters(t *testing.T) {
	for text, want := range map[string]string{
		"[harvest.external.A]\ncommand = \"/x\"":                                               "harvest.external.A: the identifier",
		"[harvest.external.ckan]\ncommand = \"/x\"":                                            "has a backend of this name itself",
		"[harvest.external.a]":                                                                 "expected either command or endpoint",
		"[harvest.external.a]\ncommand = \"x\"":                                                "the absolute path of a program",
		"[harvest.external.a]\ncommand = \"/x\"\nendpoint = \"https://a.example/\"":            "expected either command or endpoint",
		"[harvest.external.a]\nendpoint = \"ftp://a.example/\"\nsecret = \"0123456789abcdef\"": "expected an address",
		"[harvest.external.a]\nendpoint = \"https://a.example/\"\nsecret = \"short\"":          "at least 16 characters",
		"[harvest.external.a]\ncommand = \"/x\"\ntimeout = 5":                                  "timeout: expected another type",
		"[harvest.external.a]\ncommand = \"/x\"\ntimeout = \"soon\"":                           "timeout: expected a time span",
		"[harvest.external.a]\ncommand = \"/x\"\nmax_rss = \"1MiB\"":                           "at least 16MiB",
		"[harvest.external.a]\ncommand = \"/x\"\nconcurrency = 0":                              "expected 1 to 100",
		"[harvest.external.a]\ncommand = \"/x\"\nread = [\"srv\"]":                             "read: expected absolute paths",
		"[harvest.external.a]\ncommand = \"/x\"\ncolour = \"red\"":                             "colour: there is no such setting",
		"[harvest]\npace = 3":       "expected tables [harvest.external.<id>] alone",
		"harvest = 3":               `there is no setting "harvest"`,
		"[harvest]\nexternal = 3":   "expected tables",
		"[harvest.external]\na = 3": "harvest.external.a: expected a table",
	} {
		_, _, err := parseFile("grenier.toml", []byte(text), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
