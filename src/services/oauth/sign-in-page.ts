/** The sign-in page: a form, and nothing that a browser would have to fetch. */
import { clientName } from './clients.js'

export interface SignInPage {
  /** The query of the request, to be sent again with the form. */
  readonly query: string
  readonly clientId: string
  readonly userName: string
  /** Why the last try failed. */
  readonly message: string | undefined
}

export function writeSignInPage({ query, clientId, userName, message }: SignInPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in - rms-emulator</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 22rem; margin: 12vh auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
h1 { font-size: 1.4rem; margin: 0 }
label { display: block; margin-top: 1rem }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem .5rem; border: 1px solid #767676; border-radius: 4px }
button { font: inherit; margin-top: 1.5rem; padding: .45rem 1.5rem; border: 0; border-radius: 4px; color: #fff; background: #0b5cad }
.wrong { color: #b00020 }
.lab { color: #595959; font-size: .85rem; margin-top: 2rem }
</style>
</head>
<body>
<h1>Sign in</h1>
<p>to open and protect documents with ${escaped(clientName(clientId))}</p>
${message === undefined ? '' : `<p class="wrong" role="alert">${escaped(message)}</p>`}
<form method="post" action="?${escaped(query)}">
<label>Mail address or DOMAIN\\user
<input name="UserName" value="${escaped(userName)}" autocomplete="username" required${userName === '' ? ' autofocus' : ''}></label>
<label>Password
<input name="Password" type="password" autocomplete="current-password" required${userName === '' ? '' : ' autofocus'}></label>
<button type="submit">Sign in</button>
</form>
<p class="lab">This is a lab: a stand-in for AD FS. Its passwords are known to everybody.</p>
</body>
</html>
`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
