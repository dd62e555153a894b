/** `12 MB`, from 1 GB on `1.1 GB`. */
export const describeBytes = (bytes: number): string =>
  bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
