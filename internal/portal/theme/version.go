package theme

import (
	"fmt"
	"strconv"
	"strings"
)

// fits tells why the program's version is not one that a pack asks for. A
// version under development is newer than any that was released.
func fits(wanted, version string) error {
	if wanted == "" {
		return nil
	}
	least, ok := strings.CutPrefix(strings.TrimSpace(wanted), ">=")
	asked, valid := numbers(strings.TrimSpace(least))
	if !ok || !valid {
		return fmt.Errorf(`%q is not understood; write the least version, as ">=1.2"`, wanted)
	}
	have, released := numbers(version)
	if !released {
		return nil
	}
	for i := range asked {
		if asked[i] != have[i] {
			if asked[i] < have[i] {
				return nil
			}
			return fmt.Errorf("the pack needs version %s or newer, this is %s; use a newer program or an older pack", strings.TrimSpace(least), version)
		}
	}
	return nil
}

// numbers reads 1, 1.2 or 1.2.3, with or without a v before it.
func numbers(version string) (parts [3]int, ok bool) {
	fields := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(fields) > len(parts) {
		return parts, false
	}
	for i, field := range fields {
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 {
			return parts, false
		}
		parts[i] = n
	}
	return parts, true
}
