// Tested in test/proof/real-master/http.test.ts
import { UserError } from '../../lib/errors.ts';
import { askMaster } from './api.ts';
import { masterHttp } from './http.ts';

const tryTimeoutMs = 5_000;

/** The same host and port by the other scheme; the port is kept where it is the default of the first. */
const otherSchemeOf = ({ protocol, hostname, port }: URL): URL =>
  protocol === 'https:' ? new URL(`http://${hostname}:${port || 443}`) : new URL(`https://${hostname}:${port || 80}`);

/**
 * A connection that was closed, or an answer that is no HTTP, says little: a master closes a TLS handshake that it does not
 * expect (read ECONNRESET), other servers answer it (ERR_SSL_WRONG_VERSION_NUMBER). So `/info`, without credentials, is asked
 * by the other scheme once, and who answers there is told. Any other error is returned as it is.
 */
export const explainScheme = async (url: URL, error: UserError, signal: AbortSignal): Promise<UserError> => {
  if (error.id !== 'proof.master-scheme') return error;
  const other = otherSchemeOf(url);
  const [has, speaks] = [url.protocol.slice(0, -1), other.protocol.slice(0, -1)];
  const wrong = (more: string, hint: string) =>
    new UserError(`the master speaks ${speaks}${more}, but its URL has ${has} (${error.message})`, {
      ...{ id: error.id, hint, cause: error },
    });
  try {
    const until = AbortSignal.any([signal, AbortSignal.timeout(tryTimeoutMs)]);
    const { version } = await askMaster(masterHttp(other), until);
    return wrong(` (version ${version})`, `give ${other.origin} as its URL`);
  } catch (second) {
    signal.throwIfAborted();
    if (!(second instanceof UserError)) return error;
    if (second.id === 'proof.master-untrusted') {
      return wrong(', with a certificate that is not trusted here', `give ${other.origin} as its URL; ${second.hint}`);
    }
    return error;
  }
};
