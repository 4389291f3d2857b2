package portal

import (
	"encoding/json"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"grenier/internal/i18n"
)

// languages are those that pages are written in. The first stands in for a site
// in another language.
var languages = []string{"fr", "en"}

// texts are the words of the pages by language and name.
var texts = sync.OnceValue(func() map[string]map[string]string {
	all := make(map[string]map[string]string, len(languages))
	for _, lang := range languages {
		var words map[string]string
		if err := json.Unmarshal(mustRead("texts/"+lang+".json"), &words); err != nil {
			panic("portal: " + lang + ".json: " + err.Error())
		}
		all[lang] = words
	}
	return all
})

// negotiators choose a page's language, by the language of the site.
var negotiators = sync.OnceValue(func() map[string]*i18n.Negotiator {
	all := make(map[string]*i18n.Negotiator, len(languages))
	for i, lang := range languages {
		offered := append([]string{lang}, languages[:i]...)
		all[lang] = i18n.NewNegotiator(append(offered, languages[i+1:]...)...)
	}
	return all
})

// speak chooses the language of a page: what the reader wishes, else what the
// browser asks for, else the site's.
func speak(site, wish, accept string) string {
	n, ok := negotiators()[site]
	if !ok {
		n = negotiators()[languages[0]]
	}
	return n.Choose(wish, accept)
}

// number writes a number as readers of a language do.
func number(lang string, n int64) string {
	return message.NewPrinter(language.Make(lang)).Sprint(n)
}
