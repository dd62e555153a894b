import type { ListedImage } from '../../images/store.ts';

/** REF TYPE DIGEST STATUS (N/M) SIZE UNIT/SIZE UNIT UNPACKED, of `ctr images check`. */
const row = /^(\S+)\s+\S+\s+(sha256:[0-9a-f]{64})\s+(\S+)\s+\(\d+\/\d+\)\s+\S+\s+\w+\/([\d.]+)\s+(\w+)\s+true\s*$/;

const units: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/**
 * The images in the output of `ctr images check`. Those that are whole: with all their content, and unpacked. The CRI names each image also
 * by its id; such a name is no name for people, and tells the id.
 */
export const parseChecked = (text: string): readonly ListedImage[] => {
  const rows = text.split('\n').flatMap((line) => {
    const [, ref, digest, status, size, unit] = row.exec(line) ?? [];
    if (!ref || !digest || status !== 'complete') return [];
    return [{ name: ref, digest, bytes: Math.round(Number(size) * (units[unit ?? ''] ?? 1)) }];
  });
  const isId = ({ name }: { readonly name: string }) => /^sha256:[0-9a-f]{64}$/.test(name);
  const ids = new Map(rows.filter(isId).map(({ name, digest }) => [digest, name]));
  return rows.flatMap((image) => (isId(image) ? [] : [{ ...image, id: ids.get(image.digest) ?? image.digest }]));
};
