package verify

import "context"

// checkLostFiles finds hosted files whose bytes are not in the store.
func checkLostFiles(ctx context.Context, deps Deps) (*Finding, error) {
	lost, _, err := deps.Files.Examine(ctx)
	if err != nil {
		return nil, err
	}
	return found(Fault, "hosted files whose bytes are not in the store of files", "bring the store back from its backup, or send the files again", lost, len(lost)), nil
}

// checkStrayFiles finds bytes in the store that no row knows.
func checkStrayFiles(ctx context.Context, deps Deps) (*Finding, error) {
	_, stray, err := deps.Files.Examine(ctx)
	if err != nil {
		return nil, err
	}
	return found(Fault, "entries in the store of files that the database does not know", "removes them", stray, len(stray)), nil
}
