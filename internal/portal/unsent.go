package portal

// Without a mail server letters reach nobody: what pages say of them then.

// unsentNotices say, in the place of messages which tell of a letter, that it
// could not leave and whom to ask.
var unsentNotices = map[string]string{
	"admin-member.done-invited":          "admin-member.unsent-invited",
	"admin-member.done-resent":           "admin-member.unsent-invited",
	"admin-me.done-email":                "admin-me.unsent-email",
	"admin-user.done-rotation":           "admin-user.unsent-rotation",
	"account.flash-change-email":         "admin-me.unsent-email",
	"account.flash-change-email-expired": "admin-me.unsent-email",
}

// unlessUnsent is a notice, or what stands in its place when it tells of a
// letter that could not leave.
func (v *visit) unlessUnsent(message string, notice Notice) Notice {
	if other, ok := unsentNotices[message]; ok && v.p.Unsent {
		return Notice{"warning", "warning", v.say.T(other)}
	}
	return notice
}

// mailNotices tell administrators of the site that no letter leaves, and what to
// do; nobody else hears of it.
func (v *visit) mailNotices() []Notice {
	if !v.p.Unsent || !v.viewer.Admin() {
		return nil
	}
	return []Notice{{"warning", "mail", v.say.T("admin.no-mail", "option", "--smtp smtps://user:password@mail.example.org:465", "page", "docs/accounts.md")}}
}
