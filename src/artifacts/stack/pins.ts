/** A package of npm for each platform (`linux-amd64`), with the SHA-512 that npm's lock files call its integrity. */
export type NpmPin = {
  readonly version: string;
  readonly packages: Readonly<Record<string, { readonly name: string; readonly integrity: string }>>;
};

/** A release archive; `${version}` and `${arch}` are filled in. */
export type MasterPin = { readonly version: string; readonly url: string; readonly checksum: string };
