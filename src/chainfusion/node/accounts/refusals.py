"""Why somebody is not let in, or not let do what only a signed-in person may."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class SignInRefused(ChainFusionError):
    """A name and a password that do not fit. Which of the two is wrong, or whether the name exists, is not told."""

    code = "SIGN_IN_REFUSED"
    says = Text("Name or password is not right. {left} tries are left before a pause.",
                "用户名或口令不正确。暂停前还可尝试 {left} 次。")  # fmt: skip
    do = Text("Type both again, or use another way to sign in; your administrator can set a new password.",
              "请重新输入，或使用其他登录方式；管理员可重设口令。")  # fmt: skip


class SignInPaused(ChainFusionError):
    """Too many wrong passwords in a row."""

    code = "SIGN_IN_PAUSED"
    says = Text("Too many wrong passwords: the next try is taken in {seconds} s.",
                "口令错误次数过多：{seconds} 秒后方可再试。")  # fmt: skip
    do = Text("Wait, or use a passkey or your bank's sign-in, which are not paused.",
              "请等待，或使用通行密钥、本行统一登录，二者不受暂停影响。")  # fmt: skip


class TooManyRequests(ChainFusionError):
    """More requests from one account or address than this node answers."""

    code = "TOO_MANY_REQUESTS"
    says = Text("Too many requests; the next is answered in {seconds} s.", "请求过于频繁；{seconds} 秒后恢复。")
    do = Text("Wait, and send fewer at once.", "请稍候，并减少同时发送的请求。")


class LinkSpent(ChainFusionError):
    """A one-time link that was used, is too old, or never was one."""

    code = "LINK_SPENT"
    says = Text("This sign-in link was used already, or is older than {minutes} minutes.",
                "该登录链接已使用，或已超过 {minutes} 分钟。")  # fmt: skip
    do = Text("Sign in with your account, or start `chainfusion serve` again for a new link.",
              "请使用账户登录，或重新运行 `chainfusion serve` 获取新链接。")  # fmt: skip


class KeyLocked(ChainFusionError):
    """An act that needs the person's signature, while the person's key is locked."""

    code = "KEY_LOCKED"
    says = Text("The signing key of {user} is locked; nothing was signed.", "{user} 的签名密钥已锁定；未签署任何内容。")
    do = Text("Unlock it with its password, then send again.", "请用密钥口令解锁后重新提交。")


class AccountExists(ChainFusionError):
    """An account's name, or the identity that it would stand for, is taken."""

    code = "ACCOUNT_EXISTS"
    says = Text("There is an account {name} for {user} already.", "账户 {name}（身份 {user}）已存在。")
    do = Text("Choose another name, or another of the institution's users.", "请另选账户名或本机构其他用户。")


class AccountUnknown(ChainFusionError):
    """A name that no account has."""

    code = "ACCOUNT_UNKNOWN"
    says = Text("There is no account {name}.", "账户 {name} 不存在。")
    do = Text("See `chainfusion account list`.", "请查看 `chainfusion account list`。")


class PasswordUnfit(ChainFusionError):
    """A password that is too easy to guess, or too long to be one."""

    code = "PASSWORD_UNFIT"
    says = Text("This password cannot be used: {why}.", "该口令不可使用：{why_zh}。")
    do = Text("Choose several words that nobody else would put together.", "请选择他人不会组合的若干词语。")


class PasskeyRefused(ChainFusionError):
    """A passkey that is not known here, or an answer that does not fit what was asked."""

    code = "PASSKEY_REFUSED"
    says = Text("The passkey was not accepted.", "通行密钥未被接受。")
    do = Text("Try again from the page, or sign in another way.", "请在页面上重试，或使用其他登录方式。")


class ProviderRefused(ChainFusionError):
    """A sign-in at the bank's identity provider that did not end in an account of this node."""

    code = "PROVIDER_REFUSED"
    says = Text(
        "The bank's sign-in did not lead to an account here: {why}.", "本行统一登录未能对应到此处账户：{why_zh}。"
    )
    do = Text("Begin again on the sign-in page; if it stays so, tell your administrator.",
              "请在登录页重新开始；如仍如此，请联系管理员。")  # fmt: skip


class TokenRefused(ChainFusionError):
    """A token that is not known, has expired, or whose account is locked."""

    code = "TOKEN_REFUSED"
    says = Text("The token is not valid.", "令牌无效。")
    do = Text("Make a new token on your account's page.", "请在账户页面创建新令牌。")


class TokenReadsOnly(ChainFusionError):
    """A token that may read, used to act."""

    code = "TOKEN_READS_ONLY"
    says = Text("This token may read and not act; nothing was done.", "该令牌仅可读取；未执行任何操作。")
    do = Text("Make a token that may act.", "请创建可执行操作的令牌。")


class NotForPrograms(ChainFusionError):
    """Something that only a person who signed in at a page may do."""

    code = "NOT_FOR_PROGRAMS"
    says = Text(
        "Only a person who signed in may do this; a token does not reach it.", "此操作仅限登录的人员；令牌不可用。"
    )
    do = Text("Sign in with a browser.", "请使用浏览器登录。")


class NoSuchEntry(ChainFusionError):
    """A session, passkey or token that this account does not have."""

    code = "NO_SUCH_ENTRY"
    says = Text("Your account has no such entry.", "您的账户中没有该项。")
    do = Text("Open your account's page again: it may have ended.", "请重新打开账户页面：该项可能已失效。")


class SettingsUnusable(ChainFusionError):
    """A file of sign-in settings that says what cannot be."""

    code = "SETTINGS_UNUSABLE"
    says = Text("{path} cannot be used: {why}.", "{path} 无法使用：{why_zh}。")
    do = Text("Correct it as docs/signing-in.md tells.", "请按 docs/signing-in.md 更正。")


class SignInAgain(ChainFusionError):
    """A new way in, asked for in a session that is not a new one."""

    code = "SIGN_IN_AGAIN"
    says = Text(
        "You signed in more than {minutes} minutes ago; nothing was made.",
        "您登录已超过 {minutes} 分钟；未创建任何内容。",
    )
    do = Text("Sign out and in again, then repeat.", "请退出并重新登录后重试。")
