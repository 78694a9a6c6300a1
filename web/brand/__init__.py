"""Brand: what makes a firm's pages its own: pictures, colours, sentences and legal pages, each checked before anybody sees it.

Here belongs what is asked of an operator's files, whoever reads them. Which files those are is a setting's, and reading them
is the appliance's; nothing here knows a request.
"""
