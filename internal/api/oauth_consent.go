package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"

	"grenier/internal/web"
)

// consentStyle is the style of the plain page, allowed by its hash.
const consentStyle = `body{font:1.05rem/1.6 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1b1f2a;background:#fff}` +
	`h1{font-size:1.5rem;line-height:1.3}form{display:flex;gap:1rem;flex-wrap:wrap;margin-top:2rem}` +
	`button{font:inherit;padding:.7rem 1.4rem;border-radius:.5rem;border:2px solid #2b4acb;background:#fff;color:#2b4acb;cursor:pointer}` +
	`button[name=accept]{background:#2b4acb;color:#fff}`

// consentPolicy lets the page be shown in no frame, so that nobody is led to
// press a button that they do not see. It does not bound where the form leads:
// browsers apply that to the program's own address too.
var consentPolicy = func() string {
	sum := sha256.Sum256([]byte(consentStyle))
	return "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// consentWords are the words of the plain page, by language.
var consentWords = map[string]map[string]string{
	"fr": {
		"title": "Autoriser un programme", "asks": "demande à agir en votre nom sur", "you": "Vous êtes", "by": "Publié par", "goes": "Ensuite, vous irez sur",
		"default": "Faire tout ce que vous pouvez faire", "admin": "Faire tout ce que vous pouvez faire, administration comprise",
		"write": "Lire et modifier ce que vous pouvez modifier", "read": "Lire ce que vous pouvez lire", "accept": "Autoriser", "decline": "Refuser",
	},
	"en": {
		"title": "Authorize a program", "asks": "asks to act in your name on", "you": "You are", "by": "Published by", "goes": "Then you will go to",
		"default": "Do everything that you may do", "admin": "Do everything that you may do, administration included",
		"write": "Read and change what you may change", "read": "Read what you may read", "accept": "Authorize", "decline": "Decline",
	},
}

var consentTemplate = template.Must(template.New("consent").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Words.title}} – {{.Site}}</title><style>{{.Style}}</style></head>
<body><main><h1>{{.View.Name}} {{.Words.asks}} {{.Site}}</h1>
{{with .View.Description}}<p>{{.}}</p>{{end}}{{with .View.Owner}}<p>{{$.Words.by}} {{.}}.</p>{{end}}
<ul>{{range .View.Scopes}}<li>{{index $.Words .}}</li>{{end}}</ul>
{{with .View.Person}}<p>{{$.Words.you}} {{.FullName}}.</p>{{end}}{{with .View.Host}}<p>{{$.Words.goes}} {{.}}.</p>{{end}}
<form method="post" action="{{.View.Action}}"><button name="accept" value="1">{{.Words.accept}}</button>
<button name="decline" value="1">{{.Words.decline}}</button></form></main></body></html>
`))

// plainConsent asks the person on a page of its own, where no portal does.
func plainConsent(c *web.Call, view ConsentView) error {
	lang := c.Lang
	if consentWords[lang] == nil {
		lang = "en"
	}
	var page bytes.Buffer
	err := consentTemplate.Execute(&page, map[string]any{
		"Lang": lang, "Words": consentWords[lang], "Site": c.Site.Title, "Style": template.CSS(consentStyle), "View": view,
	})
	if err != nil {
		return err
	}
	h := c.W.Header()
	h.Set("Content-Security-Policy", consentPolicy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
}
