"""Borders to trading platforms: the wire protocol, the gateway inside the appliance, the bridge side beside a platform.

Other people's formats stop here: a frame becomes our words or a counted refusal. The bundled simulator is a bridge like
any other and is reached over the same wire. Does not belong here: any judgement about an account.
"""
