/** `unreachable`: no connection; `stalled`, `truncated`: the answer broke off; `refused`: we do not follow. */
type HttpTrouble = 'unreachable' | 'stalled' | 'truncated' | 'refused';

export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly trouble: HttpTrouble;

  constructor(trouble: HttpTrouble, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.trouble = trouble;
  }
}
