package web

// PrefersJSON tells whether the caller would rather have JSON than a page, as programs say; browsers do
// not.
func (c *Call) PrefersJSON() bool {
	html, json := preferences(c.R.Header)
	return json > html
}
