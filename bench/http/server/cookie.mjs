/** The value of a cookie, as an application without a session library reads it. */
export function cookieValue(req, name) {
  const header = req.headers.cookie;
  if (header === undefined) return undefined;
  for (const pair of header.split('; ')) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1);
  }
  return undefined;
}
