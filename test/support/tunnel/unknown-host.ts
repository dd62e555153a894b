/** A name that no machine has: its first label is too long (RFC 1035, 2.3.4), so that no resolver is asked, which may be slow. */
export const unknownHost = `${'x'.repeat(64)}.invalid`;
