"""The channels that the settings configure. Only the worker imports this: the web sends nothing, and starts without their HTTP client."""

from webapp.config import Settings
from webapp.notify.channels.email import EmailChannel
from webapp.notify.channels.parcel import SendingChannel
from webapp.notify.channels.push.channel import PushChannel
from webapp.notify.channels.push.hosts import PushHosts
from webapp.notify.channels.push.vapid import VapidHeaders
from webapp.notify.channels.sms import SmsChannel


def from_settings(settings: Settings) -> dict[str, SendingChannel]:
    """The channels this installation can send by; one without its setting is absent."""
    vapid = VapidHeaders(settings.vapid_key, settings.vapid_subject)
    channels: dict[str, SendingChannel] = {
        "push": PushChannel(vapid, PushHosts(settings.push_hosts))
    }
    if settings.smtp_url:
        channels["email"] = EmailChannel(
            settings.smtp_url, settings.app_name, settings.base_url, reply_to=settings.reply_to
        )
    if settings.sms_url:
        channels["sms"] = SmsChannel(settings.sms_url)
    return channels
