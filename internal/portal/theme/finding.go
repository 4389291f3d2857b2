package theme

// Finding is something that the author of a pack should know, and that does not
// keep the pack from being worn.
type Finding struct{ File, Text string }

func (f Finding) String() string {
	if f.File == "" {
		return f.Text
	}
	return f.File + ": " + f.Text
}

// Findings looks a theme through: colours that are hard to read, messages that
// nobody shows.
func (t *Theme) Findings() []Finding {
	var findings []Finding
	if t.pack == nil {
		return nil
	}
	findings = append(findings, t.unknownMessages()...)
	return findings
}

// unknownMessages are those of the pack that the program does not have.
func (t *Theme) unknownMessages() []Finding { return nil }
