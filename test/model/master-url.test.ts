import { describe, expect, test } from 'vitest';
import { getMasterUrl, parseMasterUrl } from '../../src/model/master-url.ts';

describe('a URL of the master', () => {
  test.each([
    ['https://master.example', { scheme: 'https', host: 'master.example', port: 443, via: 'url' }],
    ['http://master.example/', { scheme: 'http', host: 'master.example', port: 80, via: 'url' }],
    ['https://master.example:8443', { scheme: 'https', host: 'master.example', port: 8443, via: 'url' }],
    ['HTTP://det.example:80', { scheme: 'http', host: 'det.example', port: 80, via: 'url' }],
    ['http://[::1]:8080/', { scheme: 'http', host: '::1', port: 8080, via: 'url' }],
    ['http://[2001:db8::1]:8080', { scheme: 'http', host: '2001:db8::1', port: 8080, via: 'url' }],
  ])('%s', (text, expected) => {
    expect(parseMasterUrl(text)).toEqual(expected);
  });

  test.each([
    ['master.example:8080', ["'master.example:8080' is not a URL such as https://master.example:8443"]],
    ['', ["'' is not a URL such as https://master.example:8443"]],
    ['127.0.0.1', ["'127.0.0.1' is not a URL such as https://master.example:8443"]],
    ['ftp://det.example', ['its scheme is ftp, not http or https']],
    ['see http://a.example', ["'see http://a.example' is not a URL such as https://master.example:8443"]],
    ['https://', ["'https://' is not a URL such as https://master.example:8443"]],
    ['http://a:99999', ["'http://a:99999' is not a URL such as https://master.example:8443"]],
    ['ssh://master.example', ['its scheme is ssh, not http or https']],
    ['http://a.example:0', ['its port is 0']],
    ['https://a.example/det', ['its path /det has no meaning: a master has only scheme, host and port']],
    ['https://me:pw@a.example', ['it has a user name or password, which must be left out']],
    [
      'https://a.example/?x=1#y',
      [
        'its query ?x=1 has no meaning: a master has only scheme, host and port',
        'its fragment #y has no meaning: a master has only scheme, host and port',
      ],
    ],
  ])('%s is refused', (text, problems) => {
    expect(parseMasterUrl(text)).toEqual({ problems });
  });
});

test('every problem is in the error, after the name of the setting', () => {
  expect(getMasterUrl('http://[::1]:8080', 'master.url')).toMatchObject({ host: '::1', port: 8080 });
  expect(() => getMasterUrl('ftp://det.example/det', 'master.url')).toThrow(
    expect.objectContaining({
      id: 'usage.master-url',
      message: expect.stringMatching(/^master\.url: its scheme is ftp.*; its path \/det/),
      hint: expect.stringContaining('scheme, host and port only'),
    }),
  );
});
