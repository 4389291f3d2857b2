package harvest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
)

var errUnsealed = errors.New("harvest: the secrets of a source cannot be read: they were sealed by another installation")

// secretsOf are the secrets of a source, by name.
func (s *Store) secretsOf(src *Source) (map[string]string, error) {
	secrets := map[string]string{}
	if src.Secrets == nil {
		return secrets, nil
	}
	sealer, err := s.sealer()
	if err != nil {
		return nil, err
	}
	raw, err := base64.RawStdEncoding.DecodeString(*src.Secrets)
	if err != nil || len(raw) < sealer.NonceSize() {
		return nil, errUnsealed
	}
	text, err := sealer.Open(nil, raw[:sealer.NonceSize()], raw[sealer.NonceSize():], []byte(src.ID))
	if err != nil || json.Unmarshal(text, &secrets) != nil {
		return nil, errUnsealed
	}
	return secrets, nil
}

// SecretNames are the names of the secrets of a source, in order.
func (s *Store) SecretNames(src *Source) ([]string, error) {
	secrets, err := s.secretsOf(src)
	return slices.Sorted(maps.Keys(secrets)), err
}

// addSecrets seals secrets beside those that a source has; an empty one is
// forgotten. Those that another installation sealed are worth nothing.
func (s *Store) addSecrets(src *Source, given map[string]string) error {
	secrets, err := s.secretsOf(src)
	if errors.Is(err, errUnsealed) {
		secrets, err = map[string]string{}, nil
	}
	if err != nil {
		return err
	}
	for name, value := range given {
		if secrets[name] = value; value == "" {
			delete(secrets, name)
		}
	}
	if len(secrets) == 0 {
		src.Secrets = nil
		return nil
	}
	text, err := json.Marshal(secrets)
	if err != nil {
		return err
	}
	sealer, err := s.sealer()
	if err != nil {
		return err
	}
	nonce := make([]byte, sealer.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	sealed := base64.RawStdEncoding.EncodeToString(sealer.Seal(nonce, nonce, text, []byte(src.ID)))
	src.Secrets = &sealed
	return nil
}

// sealer hides secrets in the database: AES-256-GCM under a key of this
// installation, bound to the source.
func (s *Store) sealer() (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, s.deps.Secret)
	mac.Write([]byte("secrets of harvest sources"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
