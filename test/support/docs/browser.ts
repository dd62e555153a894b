const redirectLimit = 5;

/** The page that a browser without cookies ends at: it follows redirects, and sends back the cookies that it was given. */
export const openInBrowser = async (link: string): Promise<string> => {
  const cookies = new Map<string, string>();
  let url = link;
  for (let count = 0; count < redirectLimit; count += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const options = { redirect: 'manual', headers: { cookie }, signal: AbortSignal.timeout(30_000) } as const;
    const answer = await fetch(url, options);
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    const text = await answer.text();
    const next = answer.headers.get('location');
    if (next === null) {
      if (answer.ok) return text;
      throw new Error(`${url}: ${answer.status} ${text.slice(0, 200)}`);
    }
    url = new URL(next, url).href;
  }
  throw new Error(`${link}: more than ${redirectLimit} redirects`);
};
