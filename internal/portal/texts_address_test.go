package portal

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// familiar are words that speak to a person as to a friend: the pages and the
// letters speak as public administrations do.
var familiar = map[string]*regexp.Regexp{
	"fr": regexp.MustCompile(`(?i)(^|[^\pL])(tu|toi|ton|tes)($|[^\pL])`),
	"it": regexp.MustCompile(`(?i)(^|[^\pL])(tu|ti|te|tuo|tua|tuoi|tue|hai|puoi|vuoi|devi|potrai|dovrai|riceverai|scrivi|scegli|riprova|aggiungine|scaricalo)($|[^\pL])`),
	"es": regexp.MustCompile(`(?i)(^|[^\pL])(tú|tu|tus|te|ti|puedes|tienes|quieres|debes|tuyo|tuya)($|[^\pL])`),
	"pt": regexp.MustCompile(`(?i)(^|[^\pL])(tu|teu|tua|teus|tuas|te|ti|podes|tens|queres|deves|você|vocês)($|[^\pL])`),
	"de": regexp.MustCompile(`(^|[^\pL])([Dd]u|[Dd]ich|[Dd]ir|[Dd]ein(e|en|em|er|es)?|kannst|musst|willst|hast|bist)($|[^\pL])`),
}

// labelWords bounds short commands on buttons, in words: they speak to the program, not to the
// person.
const labelWords = 5

func TestFormOfAddress(t *testing.T) {
	line := regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	for lang, wrong := range familiar {
		var files []string
		for _, pattern := range []string{"texts/" + lang + "/*.json", "../mail/texts/" + lang + "/*.json", "pages/" + lang + "/*/*"} {
			found, err := filepath.Glob(filepath.FromSlash(pattern))
			if err != nil || len(found) == 0 {
				t.Fatalf("%s: %v, %v", pattern, found, err)
			}
			files = append(files, found...)
		}
		for _, name := range files {
			content, err := os.ReadFile(name)
			if err != nil {
				continue // a folder
			}
			texts := line.FindAllString(string(content), -1)
			if !strings.HasSuffix(name, ".json") {
				texts = strings.Split(string(content), "\n")
			}
			for _, text := range texts {
				if len(strings.Fields(text)) < labelWords && !strings.HasSuffix(text, `."`) {
					continue
				}
				if found := wrong.FindString(text); found != "" {
					t.Errorf("%s speaks as to a friend (%q): %s", name, strings.TrimSpace(found), text)
				}
			}
		}
	}
}
