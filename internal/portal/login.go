package portal

// sessionContents are the types of Page.Data of the pages of sessions.
var sessionContents = map[string]any{}
