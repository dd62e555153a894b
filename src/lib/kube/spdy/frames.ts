/** A frame of SPDY/3.1, as far as port-forwards have them. `end`: the sender of the stream sends no more. */
export type SpdyFrame =
  | { readonly kind: 'data'; readonly stream: number; readonly end: boolean; readonly bytes: Buffer }
  | { readonly kind: 'reply' | 'reset'; readonly stream: number; readonly end: boolean }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'goAway' | 'other' };

const [synStream, synReply, rstStream, ping, goAway] = [1, 2, 3, 6, 7];
const finFlag = 1;
const headBytes = 8;
const idMask = 0x7fffffff;

const uint32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => void bytes.writeUInt32BE(value, 4 * index));
  return bytes;
};

const headOf = (first: number, flags: number, length: number): Buffer => uint32(first, ((flags << 24) | length) >>> 0);

const controlFrame = (type: number, flags: number, payload: Buffer): Buffer =>
  Buffer.concat([headOf((0x80030000 | type) >>> 0, flags, payload.length), payload]);

/** What comes before the bytes of a data frame. */
export const dataHead = (stream: number, length: number, end = false): Buffer =>
  headOf(stream, end ? finFlag : 0, length);

/** The rest of the stream is of no interest (CANCEL). */
export const resetFrame = (stream: number): Buffer => controlFrame(rstStream, 0, uint32(stream, 5));
export const pingFrame = (id: number): Buffer => controlFrame(ping, 0, uint32(id));

const textOf = (text: string): Buffer => Buffer.concat([uint32(text.length), Buffer.from(text)]);

const mostStored = 65_535;
/** An empty stored block, at which a reader hands out what it has. */
const flush = Buffer.from([0, 0, 0, 0xff, 0xff]);

/**
 * Opens a stream. All headers of a connection are one zlib stream; here each block is stored as it is, which zlib allows
 * (RFC 1951, 3.2.4), and only the first one has the head of the stream.
 */
export const openFrame = (
  stream: number,
  headers: Readonly<Record<string, string>>,
  { end, isFirst }: { readonly end: boolean; readonly isFirst: boolean },
): Buffer => {
  const fields = Object.entries(headers).flatMap(([name, value]) => [textOf(name.toLowerCase()), textOf(value)]);
  const block = Buffer.concat([uint32(fields.length / 2), ...fields]);
  if (block.length > mostStored) throw new Error('headers of a stream are short');
  const stored = Buffer.alloc(5);
  stored.writeUInt16LE(block.length, 1);
  stored.writeUInt16LE(~block.length & mostStored, 3);
  const zlibHead = Buffer.from(isFirst ? [0x78, 0x01] : []);
  const payload = Buffer.concat([uint32(stream, 0), Buffer.alloc(2), zlibHead, stored, block, flush]);
  return controlFrame(synStream, end ? finFlag : 0, payload);
};

const readControl = (type: number, end: boolean, payload: Buffer): SpdyFrame => {
  const id = payload.length >= 4 ? payload.readUInt32BE(0) : 0;
  if (type === synReply) return { kind: 'reply', stream: id & idMask, end };
  if (type === rstStream) return { kind: 'reset', stream: id & idMask, end: true };
  if (type === ping) return { kind: 'ping', id };
  return { kind: type === goAway ? 'goAway' : 'other' };
};

/** Reads frames from bytes that come in pieces. A data frame is given in the pieces in which it comes. */
export const frameReader = (take: (frame: SpdyFrame) => void): ((bytes: Buffer) => void) => {
  let pending: Buffer = Buffer.alloc(0);
  let open: { readonly stream: number; readonly end: boolean; left: number } | undefined;
  const takeData = (bytes: Buffer): Buffer => {
    if (!open) return bytes;
    const part = bytes.subarray(0, open.left);
    open.left -= part.length;
    const { stream, left } = open;
    const end = open.end && left === 0;
    if (left === 0) open = undefined;
    take({ kind: 'data', stream, end, bytes: part });
    return bytes.subarray(part.length);
  };
  /** Gives what is left, or undefined where a frame is not there in full. */
  const takeHead = (bytes: Buffer): Buffer | undefined => {
    if (bytes.length < headBytes) return undefined;
    const [first, second] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
    const [end, length] = [((second >>> 24) & finFlag) !== 0, second & 0xffffff];
    const rest = bytes.subarray(headBytes);
    if (first >>> 31 === 0) {
      open = { stream: first, end, left: length };
      return length === 0 ? takeData(rest) : rest;
    }
    if (rest.length < length) return undefined;
    take(readControl(first & 0xffff, end, rest.subarray(0, length)));
    return rest.subarray(length);
  };
  return (bytes) => {
    let rest: Buffer | undefined = pending.length > 0 ? Buffer.concat([pending, bytes]) : bytes;
    while (rest && rest.length > 0) {
      pending = rest;
      rest = open ? takeData(rest) : takeHead(rest);
    }
    if (rest) pending = rest;
  };
};
