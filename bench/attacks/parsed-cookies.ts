import type { NextFunction, Request, Response } from 'express';

/** What csurf needs of cookie-parser: `req.cookies`, where the first of a name counts. */
export function parsedCookies(req: Request, _res: Response, next: NextFunction): void {
  const cookies: Record<string, string> = {};
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0) cookies[pair.slice(0, at).trim()] ??= decodeURIComponent(pair.slice(at + 1).trim());
  }
  req.cookies = cookies;
  next();
}
