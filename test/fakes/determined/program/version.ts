/** The release whose answers are stood in for; wheels are looked for by it. */
export const release = '0.38.1';
/** What the stand-in calls itself, in `/info`, in its log and for `--version`. A version that pip and semver can read. */
export const ownVersion = `${release}+stand-in`;
