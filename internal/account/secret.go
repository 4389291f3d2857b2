package account

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"grenier/internal/db"
)

// SecretOfTokens names the secret that keys the hashes of tokens.
const SecretOfTokens = "token-secret"

// Secret returns the 32 bytes kept under a name, which are drawn at first use.
// Whoever asks, in whatever process, gets the same.
func Secret(ctx context.Context, d *db.DB, name string) ([]byte, error) {
	secret, err := readSecret(ctx, d, name)
	if err != nil || secret != nil {
		return secret, err
	}
	var drawn [32]byte
	if _, err := rand.Read(drawn[:]); err != nil {
		return nil, err
	}
	err = d.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, hex.EncodeToString(drawn[:])).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return readSecret(ctx, d, name)
}

func readSecret(ctx context.Context, d *db.DB, name string) ([]byte, error) {
	var values []string
	err := d.Read().NewRaw("SELECT value FROM settings WHERE name = ?", name).Scan(ctx, &values)
	if err != nil || len(values) == 0 {
		return nil, err
	}
	secret, err := hex.DecodeString(values[0])
	if err != nil || len(secret) < 32 {
		return nil, fmt.Errorf("account: the secret %s in the table settings is damaged; restore it from a backup", name)
	}
	return secret, nil
}
