import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { findStat, sha256, sha256OfFile } from '../../lib/files.ts';
import { discardBody, HttpError, type HttpResponse, readBody } from '../../lib/http/http.ts';
import type { Work } from '../item.ts';
import { asSourceError, type Network, verifyStatus } from './network.ts';

type Download = {
  readonly url: string;
  readonly sha256: string;
  /** No more than this is accepted (default: {@link hardLimit}). */
  readonly maxBytes?: number;
  /** Path of the finished file. */
  readonly to: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onBytes?: (done: number, total: number | undefined) => void;
};

const maxAttempts = 4;

/** For files whose publisher does not say a size beforehand; the largest pinned one has some 110 MB. */
const hardLimit = 1024 ** 3;

const sizeOf = async (path: string): Promise<number> => (await findStat(path))?.size ?? 0;

/** The size of the whole file, also for a partial response. */
const totalOf = ({ status, headers }: HttpResponse): number | undefined => {
  const text = status === 200 ? headers['content-length'] : headers['content-range']?.split('/')[1];
  const total = Number(text);
  return text === undefined || Number.isNaN(total) ? undefined : total;
};

/** Offset of the response's first byte: a server that ignores the Range header sends the whole file. */
const startOf = ({ status, headers }: HttpResponse): number =>
  status === 206 ? Number(/bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1]) : 0;

/** Throws, and removes the file, before more is written than the file may have. */
const verifySize = async (size: number, { url, maxBytes = hardLimit }: Download, partial: string): Promise<void> => {
  const limit = Math.min(maxBytes, hardLimit);
  if (size <= limit) return;
  await rm(partial, { force: true });
  throw new UserError(`${url} sends ${size} bytes or more, but at most ${limit} were expected`, {
    id: 'artifact.too-large',
    hint: 'it is not the file that was asked for: use another network, --mirror or --bundle',
  });
};

/** Downloads the rest of the partial file. */
const fetchRest = async (download: Download, partial: string, network: Network): Promise<void> => {
  const have = await sizeOf(partial);
  const range = have > 0 && { range: `bytes=${have}-` };
  const response = await network.request(download.url, { ...download.headers, ...range });
  verifyStatus(response, have > 0 ? [200, 206, 416] : [200]);
  if (response.status === 416) {
    // nothing is left to download; the digest is verified afterwards
    discardBody(response);
    return;
  }
  let done = startOf(response);
  if (done !== 0 && done !== have)
    throw new HttpError('refused', `${response.url.host} sent a different range than requested`);
  const total = totalOf(response);
  const verify = (size: number) => verifySize(size, download, partial);
  await verify(total ?? done).catch((error: unknown) => {
    response.body.destroy();
    throw error;
  });
  // not a pipeline: if the response ends early, the received bytes are kept
  const file = await open(partial, done === 0 ? 'w' : 'a');
  try {
    for await (const chunk of readBody(response, network.signal)) {
      done += chunk.length;
      await verify(done);
      await file.writeFile(chunk);
      download.onBytes?.(done, total);
    }
  } finally {
    await file.close();
  }
};

const isResumable = (error: unknown): boolean =>
  error instanceof HttpError && (error.trouble === 'stalled' || error.trouble === 'truncated');

const fetchWhole = async (download: Download, partial: string, network: Network): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetchRest(download, partial, network);
    } catch (error) {
      network.signal.throwIfAborted();
      if (attempt === maxAttempts || !isResumable(error)) throw asSourceError(error);
    }
  }
};

export const checksumError = (what: string, seen: string, wanted: string): UserError =>
  new UserError(`${what} has sha256 ${seen}, but ${wanted} was expected`, {
    id: 'artifact.checksum',
    hint: 'it was changed on the way: try another network, --mirror or --bundle',
  });

/** Throws, and removes the file, unless it has the digest. */
const verifyDigest = async (partial: string, { url, sha256: wanted }: Download): Promise<void> => {
  const seen = await sha256OfFile(partial);
  if (seen === wanted) return;
  await rm(partial);
  throw checksumError(url, seen, wanted);
};

/**
 * Downloads a file with a known digest. Resumes the download of an earlier run; if the result is wrong, downloads it
 * once more from the start.
 */
export const downloadFile = async (
  download: Download,
  { cacheDir, network }: Pick<Work, 'cacheDir' | 'network'>,
): Promise<void> => {
  const partial = join(cacheDir, 'partial', sha256(download.url).slice(0, 24));
  await Promise.all([partial, download.to].map((path) => mkdir(dirname(path), { recursive: true })));
  const wasResumed = (await sizeOf(partial)) > 0;
  await fetchWhole(download, partial, network);
  try {
    await verifyDigest(partial, download);
  } catch (error) {
    if (!wasResumed || !(error instanceof UserError)) throw error;
    await fetchWhole(download, partial, network);
    await verifyDigest(partial, download);
  }
  await rename(partial, download.to);
};
