package main

import (
	"fmt"

	"grenier/internal/config"
)

type configCommand struct {
	tableFlag
	Reference bool `help:"Print the page of reference about all settings instead, in Markdown."`
}

// Run prints the settings. Passwords are left out.
func (c *configCommand) Run(p *program) error {
	if c.Reference {
		_, err := fmt.Fprint(p.out, config.Reference())
		return err
	}
	for _, name := range config.UnknownVariables(p.environ) {
		fmt.Fprintf(p.err, "grenier: %s is in the environment, but there is no such setting\n", name)
	}
	return printTable(p, c.JSON, p.sources.Chosen(p.parsed, p.settings),
		column[config.Chosen]{"setting", func(s config.Chosen) string { return s.Name }},
		column[config.Chosen]{"value", func(s config.Chosen) string { return orDash(&s.Value) }},
		column[config.Chosen]{"from", func(s config.Chosen) string { return string(s.Origin) }},
	)
}
