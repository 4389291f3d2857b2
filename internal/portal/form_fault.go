package portal

import (
	"fmt"
	"regexp"
	"strings"

	"grenier/internal/fault"
)

// refusalWords say in the languages of the pages what subjects say in English,
// which the API promises to the letter. A text that is not here is shown as it
// is, marked as English.
var refusalWords = map[string]string{
	"This field is required.":                                                                                       "form.fault-required",
	"You do not have the permission to modify that object.":                                                         "form.fault-forbidden",
	"This email address is already used by another account.":                                                        "form.fault-email-taken",
	"Somebody has changed this since you read it. Read it again, then repeat your change.":                          "form.fault-stale",
	"Cannot change owner after creation. Please use transfer feature.":                                              "form.fault-owner",
	"Permission denied for this organization":                                                                       "form.fault-organization",
	"This is not valid UTF-8 text.":                                                                                 "form.fault-text",
	"Control characters are not allowed.":                                                                           "form.fault-text",
	"Due to unusual activities, the creation of new content is currently disabled.":                                 "form.fault-read-only",
	"Invalid email address or password.":                                                                            "form.fault-login",
	"This address is not confirmed yet: follow the link in the letter that was sent to it, or ask for another one.": "form.fault-unconfirmed",
	"This account is disabled. Ask the administrators of this site.":                                                "form.fault-closed",
	"Password must be changed for security reasons":                                                                 "form.fault-rotation",
	"Invalid password":                                                           "form.fault-password",
	"Invalid code":                                                               "form.fault-code",
	"Passwords do not match":                                                     "form.fault-twice",
	"You must accept the conditions of use.":                                     "form.fault-conditions",
	"Invalid email address: expected name@example.org.":                          "form.fault-email",
	"URLs not allowed in this field.":                                            "form.fault-no-url",
	"This field is a single line.":                                               "form.fault-line",
	"Password must contain a lowercase letter (a to z).":                         "form.fault-lowercase",
	"Password must contain a digit (0 to 9).":                                    "form.fault-digit",
	"Password must contain an uppercase letter (A to Z).":                        "form.fault-uppercase",
	"Type the address of your account to confirm.":                               "admin-me.fault-address",
	"Your new password must be different than your previous password.":           "admin-me.fault-same-password",
	"Email does not match":                                                       "admin-me.fault-email-twice",
	"Your new address must be different than your previous one.":                 "admin-me.fault-email-same",
	"There is no such dataset.":                                                  "admin-token.fault-dataset",
	"Choose one of the times.":                                                   "admin-token.fault-time",
	"The address must begin with https://, or lead to the person's own machine.": "admin-program.fault-https",
	"Give at least one address that browsers come back to.":                      "admin-program.fault-redirect",
	"A program asks for at least one scope.":                                     "admin-program.fault-choice",
	"A program gets its tokens in at least one way.":                             "admin-program.fault-choice",
	"Only programs that keep a secret get tokens by it.":                         "admin-program.fault-secret",
	"Log in first.": "form.fault-log-in",
	"This request came from a page of another site, so nothing was changed. Open the page here and try again.": "form.fault-foreign",
	"A siret number is made of 14 digits":                                          "form.fault-siret-length",
	"A siret number is only made of digits":                                        "form.fault-siret-digits",
	"Invalid Siret number":                                                         "form.fault-siret",
	"Invalid URL: give the whole address, beginning with https:// or http://.":     "form.fault-url",
	"An organization needs an administrator: make somebody else one first.":        "form.fault-last-admin",
	"This person is a member of the organization already.":                         "form.fault-member",
	"An invitation waits for an answer already.":                                   "form.fault-invited",
	"This person has asked for membership: accept their request.":                  "form.fault-asked",
	"No such object in this organization.":                                         "form.fault-not-inside",
	"Only partial editors have assignments.":                                       "form.fault-assignments",
	"Only partial editors have assignments: the other roles may edit everything.":  "form.fault-assignments",
	"Name the person to invite, or their address.":                                 "form.fault-nobody",
	"Name a person or an address, not both.":                                       "form.fault-both",
	"Unknown user.":                                                                "form.fault-user",
	"This request has been answered already.":                                      "form.fault-answered",
	"This invitation has been answered or canceled already.":                       "form.fault-answered",
	"This transfer has been answered already.":                                     "form.fault-answered",
	"Only pending invitations can be sent again.":                                  "form.fault-answered",
	"Only pending invitations can be canceled":                                     "form.fault-answered",
	"You are a member of this organization already.":                               "form.fault-already-member",
	"This organization has invited you already: accept its invitation.":            "form.fault-accept-invitation",
	"Recipient should be different than the current owner":                         "form.fault-same-owner",
	"This object has changed hands since it was offered: ask its present owner.":   "form.fault-changed-hands",
	"At least an email or a contact form is required for a contact point":          "form.fault-contact-way",
	"An existing contact point already exists with these informations.":            "form.fault-contact-twice",
	"Unknown zone: write it as fr:commune:38185, fr:departement:38 or country:fr.": "form.fault-zone",
	"Unsupported image format":                                                     "form.fault-image",
	"Choose a picture first.":                                                      "form.fault-no-file",
	"Say who shall have it.":                                                       "form.fault-no-recipient",
	"Name one recipient alone.":                                                    "form.fault-two-recipients",
	"There is no such recipient.":                                                  "form.fault-recipient",
	"Field is required":                                                            "form.fault-required",
	"This URL is already registered":                                               "admin-reuse.fault-registered",
	"A topic element must have a title or an element.":                             "admin-topic.fault-empty",
	"Type the name to confirm.":                                                    "form.fault-typed",
}

// refusalPatterns are refusalWords for texts with a number in them, which the
// message says as {count}.
var refusalPatterns = []struct {
	text    *regexp.Regexp
	message string
}{
	{regexp.MustCompile(`^Field cannot be longer than (\d+) characters\.$`), "form.fault-long"},
	{regexp.MustCompile(`^Field must be at least (\d+) characters? long\.$`), "form.fault-short"},
	{regexp.MustCompile(`^Password must be at least (\d+) characters long\.$`), "form.fault-short"},
	{regexp.MustCompile(`^This picture is too big: send one of at most (\d+) MB`), "form.fault-image-big"},
	{regexp.MustCompile(`^Password must be at most (\d+) characters long\.$`), "form.fault-long"},
}

// refusal says a text of a subject in the language of the page; foreign tells
// that it stayed English.
func (v *visit) refusal(text string) (words string, foreign bool) {
	if message := refusalWords[text]; message != "" {
		return v.say.T(message), false
	}
	for _, one := range refusalPatterns {
		if found := one.text.FindStringSubmatch(text); found != nil {
			var count int
			if _, err := fmt.Sscan(found[1], &count); err == nil {
				return v.say.T(one.message, "count", count), false
			}
		}
	}
	return text, v.lang != "en"
}

// nameOf is the name of the field that a path of a fault leads to:
// temporal_coverage.start, resources.0.title.
func nameOf(path []any) string {
	steps := make([]string, len(path))
	for i, step := range path {
		steps[i] = fmt.Sprint(step)
	}
	return strings.Join(steps, ".")
}

// blame puts what is wrong beside the fields concerned, and sums it up.
func (f *formDraft) blame() {
	if f.sent == nil {
		return
	}
	failure := f.sent.failure
	f.Failed, f.Stale = true, failure.Code == fault.Stale
	for _, wrong := range failure.Fields {
		name := nameOf(wrong.Path)
		words, foreign := f.v.refusal(wrong.Text)
		problem := formProblem{Label: name, Text: words, Foreign: foreign}
		if d := f.fieldOf(name); d != nil {
			d.Errors = append(d.Errors, fieldError{words, foreign})
			problem.Label, problem.Target = d.Label, d.ID
		}
		f.Problems = append(f.Problems, problem)
	}
	if failure.Text != "" || len(failure.Fields) == 0 {
		f.Failure, f.Foreign = f.v.refusal(failure.SafeText())
	}
	if f.Failure == "" && len(f.Problems) == 0 {
		f.Failure, f.Foreign = f.v.say.T("form.fault-other"), false
	}
}

// fieldOf is the field of a name, or of the member that holds it.
func (f *formDraft) fieldOf(name string) *fieldDraft {
	for name != "" {
		for _, d := range f.fields {
			if d.Name == name {
				return d
			}
		}
		cut := strings.LastIndexByte(name, '.')
		if cut < 0 {
			return nil
		}
		name = name[:cut]
	}
	return nil
}
