package i18n

import (
	"strings"

	"golang.org/x/text/language"
)

// Negotiator chooses among the languages that a site offers.
type Negotiator struct {
	offered []string
	matcher language.Matcher
}

// NewNegotiator returns one for the languages offered; the first is the site's
// own, chosen when nothing speaks for another. Codes that are no language
// (BCP 47) are left out; with none left the site speaks French.
func NewNegotiator(offered ...string) *Negotiator {
	n := &Negotiator{}
	var tags []language.Tag
	for _, lang := range offered {
		if tag, err := language.Parse(lang); err == nil {
			n.offered = append(n.offered, lang)
			tags = append(tags, tag)
		}
	}
	if len(tags) == 0 {
		n.offered, tags = []string{"fr"}, []language.Tag{language.French}
	}
	n.matcher = language.NewMatcher(tags)
	return n
}

// maxAccept bounds the header that is read, in bytes.
const maxAccept = 1000

// Choose returns the language of an answer: the one wished for, else the best
// of the Accept-Language header (RFC 9110, section 12.5.4), else the site's
// own. What is no language, or not offered, is passed over.
func (n *Negotiator) Choose(wish, accept string) string {
	if tag, err := language.Parse(strings.TrimSpace(wish)); err == nil && wish != "" {
		if lang, ok := n.match(tag); ok {
			return lang
		}
	}
	if accept == "" || len(accept) > maxAccept {
		return n.offered[0]
	}
	tags, weights, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return n.offered[0]
	}
	for i, tag := range tags {
		if weights[i] <= 0 {
			continue
		}
		if lang, ok := n.match(tag); ok {
			return lang
		}
	}
	return n.offered[0]
}

// match finds the offered language that speakers of tag understand as theirs;
// a related language does not do.
func (n *Negotiator) match(tag language.Tag) (string, bool) {
	_, index, confidence := n.matcher.Match(tag)
	return n.offered[index], confidence >= language.High
}
