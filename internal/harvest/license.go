package harvest

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"grenier/internal/catalog"
	"grenier/internal/text"
)

// licenseDistance is how many letters may differ between a licence and what a
// portal calls it.
const licenseDistance = 2

// licenseEntry is a licence as guesses look at it.
type licenseEntry struct {
	id, slug, title string
	addresses       []string // in lower case, that of the licence first
	alternatives    []string // slugs
}

// licenseTable guesses licences. What it guessed once it knows, within bounds.
type licenseTable struct {
	entries []licenseEntry

	mu      sync.Mutex
	guessed map[string]string
}

// maxGuesses bounds what a table remembers, guessedText the length of such texts in bytes.
const (
	maxGuesses  = 2000
	guessedText = 500
)

// alsoKnown are further names and addresses of licences that portals use. The first
// version of the Licence Ouverte must not be taken for the second.
var alsoKnown = map[string]struct{ addresses, titles []string }{
	"fr-lo": {
		[]string{"http://www.data.gouv.fr/licence-ouverte-open-licence", "https://www.data.gouv.fr/licence-ouverte-open-licence"},
		[]string{"Licence Ouverte v1", "Licence Ouverte 1.0", "Licence Ouverte version 1.0", "Licence Ouverte / Open Licence v1.0", "Licence Ouverte / Open Licence version 1.0"},
	},
}

func newLicenseTable(licenses []catalog.License) *licenseTable {
	t := &licenseTable{guessed: make(map[string]string)}
	for _, l := range licenses {
		e := licenseEntry{id: strings.ToLower(l.ID), slug: text.Slug(l.Title), title: strings.ToLower(l.Title)}
		var addresses, titles []string
		_ = json.Unmarshal(l.AlternateURLs, &addresses) // lists of texts, or nothing
		_ = json.Unmarshal(l.AlternateTitles, &titles)
		if l.URL != nil {
			addresses = slices.Insert(addresses, 0, *l.URL)
		}
		for _, address := range addresses {
			e.addresses = append(e.addresses, strings.ToLower(address))
		}
		for _, title := range titles {
			e.alternatives = append(e.alternatives, text.Slug(title))
		}
		also := alsoKnown[e.id]
		e.addresses = append(e.addresses, also.addresses...)
		for _, title := range also.titles {
			e.alternatives = append(e.alternatives, text.Slug(title))
		}
		t.entries = append(t.entries, e)
	}
	return t
}

var addressInText = regexp.MustCompile(`https?://\S+`)

// guess finds the licence that the first recognisable text means. An address
// within a text is tried before what is around it.
func (t *licenseTable) guess(texts ...string) (id string, ok bool) {
	for _, one := range texts {
		one = strings.TrimSpace(one)
		tries := []string{one}
		if address := addressInText.FindString(strings.TrimRight(one, ".")); address != "" {
			tries = []string{address, strings.Replace(one, address, "", 1)}
		}
		for _, try := range tries {
			if id = t.known(strings.ToLower(strings.TrimSpace(try))); id != "" {
				return id, true
			}
		}
	}
	return "", false
}

// known is guessOne, remembered.
func (t *licenseTable) known(one string) string {
	if one == "" {
		return ""
	}
	t.mu.Lock()
	id, done := t.guessed[one]
	t.mu.Unlock()
	if done {
		return id
	}
	id = t.guessOne(one)
	if len(one) <= guessedText {
		t.mu.Lock()
		defer t.mu.Unlock()
		if len(t.guessed) >= maxGuesses {
			clear(t.guessed)
		}
		t.guessed[one] = id
	}
	return id
}

// guessOne finds the licence that a text in lower case means; "" for none: by its
// identifier, name or address; by an address that differs in its scheme or a
// slash; then by names that differ in a letter or two, if only one does.
func (t *licenseTable) guessOne(one string) string {
	slug := text.Slug(one)
	for _, e := range t.entries {
		if e.id == one || e.slug == slug && slug != "" || slices.Contains(e.addresses, one) {
			return e.id
		}
	}
	if catalog.IsWebAddress(one) {
		if id := t.byAddress(one); id != "" {
			return id
		}
	}
	if len(one) > guessedText {
		return ""
	}
	return firstOf(
		t.only(func(e *licenseEntry) bool { return near(e.slug, slug) }),
		t.only(func(e *licenseEntry) bool { return near(e.title, one) }),
		t.only(func(e *licenseEntry) bool {
			return slices.ContainsFunc(e.alternatives, func(title string) bool { return near(title, slug) })
		}),
	)
}

func firstOf(texts ...string) string {
	for _, one := range texts {
		if one != "" {
			return one
		}
	}
	return ""
}

// byAddress finds a licence one of whose addresses holds host and path of another.
func (t *licenseTable) byAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	wanted := u.Host + strings.TrimRight(u.EscapedPath(), "/")
	for _, e := range t.entries {
		if slices.ContainsFunc(e.addresses, func(known string) bool { return strings.Contains(known, wanted) }) {
			return e.id
		}
	}
	return ""
}

// only is the one licence of which something is true; "" when there is none, or
// another.
func (t *licenseTable) only(is func(*licenseEntry) bool) string {
	found := ""
	for i := range t.entries {
		if !is(&t.entries[i]) {
			continue
		}
		if found != "" {
			return ""
		}
		found = t.entries[i].id
	}
	return found
}

// near tells whether at most two letters have to be added, dropped, replaced or
// changed with their neighbour to make one text of the other. Texts with numbers that
// begin with other digits are versions of a thing, and never near.
func near(a, b string) bool {
	if one, other := firstDigit(a), firstDigit(b); one != other && one != 0 && other != 0 {
		return false
	}
	x, y := []rune(a), []rune(b)
	if len(x) == 0 || len(y) == 0 || len(x)-len(y) > licenseDistance || len(y)-len(x) > licenseDistance {
		return false
	}
	rows := [3][]int{make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(x); i++ {
		former, last, row := rows[0], rows[1], rows[2]
		row[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], former[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > licenseDistance {
			return false
		}
		rows[0], rows[1], rows[2] = last, row, former
	}
	return rows[1][len(y)] <= licenseDistance
}

// firstDigit is the first digit of a text; 0 for none.
func firstDigit(s string) byte {
	if at := strings.IndexAny(s, "0123456789"); at >= 0 {
		return s[at]
	}
	return 0
}
