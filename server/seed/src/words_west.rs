//! Phrases of customers and the team in languages of western Europe. [`super::texts`] fills in `{…}`.

use super::words::Tongue;

pub(super) static EN: Tongue = Tongue {
    tag: "en",
    hello: &["Hello,", "Hi there,", "Good morning,", "Dear team,", "Hi,"],
    greet: &["Hi {u},", "Hello {u},", "Dear {u},"],
    topics: &[
        (
            &[
                "Where is my order {n}? It should have arrived yesterday.",
                "When will the {p} be delivered to {c}?",
                "The tracking page has not changed for three days. Is order {n} lost?",
            ],
            &[
                "Order {n} left our warehouse and should reach {c} on {d}.",
                "The carrier had a delay; your parcel is on its way again.",
                "I have asked the carrier about {n} and will write as soon as they answer.",
            ],
            &[
                "Can you deliver in the afternoon instead?",
                "Nobody rang the bell today, was there an attempt?",
                "Could you send it to my office address?",
            ],
        ),
        (
            &[
                "Could you send me the invoice for order {n} again?",
                "The invoice for {n} shows {a}, but we agreed on less.",
                "Our accounting needs the VAT number on invoice {n}.",
            ],
            &[
                "The corrected invoice over {a} is attached.",
                "I have sent the invoice for {n} to your address just now.",
                "You are right, the discount was missing. A credit note follows today.",
            ],
            &[
                "Please put our purchase order number on it.",
                "Is payment within thirty days all right?",
                "The total still looks wrong to me.",
            ],
        ),
        (
            &[
                "We would like to see a demo of the {p} for our team in {c}.",
                "Can we book a demo next week? We are about fifteen people.",
                "Does the {p} work together with our calendar?",
            ],
            &[
                "With pleasure. Would {d} at {t} suit you?",
                "I have blocked {t} on {d} for you; the link follows by mail.",
                "Yes, it does. I can show you the connection live in twenty minutes.",
            ],
            &[
                "Could a colleague from sales join as well?",
                "Will the demo be recorded?",
                "We would mostly like to see the reporting.",
            ],
        ),
        (
            &[
                "Can I move my appointment on {d} to the afternoon?",
                "Do you still have a free appointment this week in {c}?",
                "I have to cancel the appointment on {d}, sorry.",
            ],
            &[
                "No problem, {t} on {d} is free. I have moved it.",
                "We have an opening on {d} at {t}. Shall I book it?",
                "It is cancelled. Choose a new time whenever you like.",
            ],
            &["How long will it take?", "Do I need to bring anything?", "Is there parking near the office?"],
        ),
        (
            &[
                "The {p} arrived broken. How do I return it?",
                "I would like to return order {n}, it is the wrong size.",
                "How long do I have to send the {p} back?",
            ],
            &[
                "I am sorry about that. The return label for {n} is attached.",
                "You have thirty days. We pay the postage.",
                "A replacement for the {p} leaves our warehouse tomorrow.",
            ],
            &[
                "Do I get the money back or a voucher?",
                "I have thrown the box away, is that a problem?",
                "Can somebody pick it up here?",
            ],
        ),
        (
            &[
                "What does the {p} cost for twenty people?",
                "Is there a discount if we pay for a year?",
                "Your price list says {a}. Is that per month?",
            ],
            &[
                "For twenty people it comes to {a} per month.",
                "Yes, paying yearly saves two months.",
                "I can offer you {a} until {d}.",
            ],
            &[
                "Is the set-up included?",
                "That is a bit more than we planned.",
                "Could you put that into a formal quote?",
            ],
        ),
        (
            &[
                "I cannot sign in any more, the reset mail never arrives.",
                "How do I change the e-mail address of my account?",
                "The app shows an error when I upload a photo of the {p}.",
            ],
            &[
                "The reset mail was held back by a spam filter; I have sent it again.",
                "You can change it under Settings, then Profile.",
                "Thank you for the report. We have found the fault and repair it today.",
            ],
            &["It still shows the same error.", "I use Firefox on Linux.", "That worked, but only after a restart."],
        ),
        (
            &[
                "We run a small shop in {c} and would like to resell the {p}.",
                "Is there a warranty on the {p}?",
                "Do you have spare parts for the {p}?",
            ],
            &[
                "That sounds good. Could you tell us a little about your shop?",
                "The warranty is three years, also on the battery.",
                "Yes, spare parts stay available for ten years.",
            ],
            &["Which margin do resellers get?", "The serial number is {n}.", "Does it cover water damage?"],
        ),
    ],
    thanks: &[
        "Thank you, that helps a lot!",
        "Perfect, thanks.",
        "Great, thank you for the quick answer.",
        "Thanks 🙏",
        "👍",
        "Wonderful, have a nice weekend!",
        "OK.",
    ],
    bye: &["Best regards,", "Kind regards,", "All the best,"],
};

pub(super) static FR: Tongue = Tongue {
    tag: "fr",
    hello: &["Bonjour,", "Bonsoir,", "Madame, Monsieur,"],
    greet: &["Bonjour {u},", "Chère cliente, cher client,"],
    topics: &[
        (
            &["Où en est ma commande {n} ? Elle devait arriver hier.", "Quand le {p} sera-t-il livré à {c} ?"],
            &[
                "La commande {n} a quitté notre entrepôt et arrivera à {c} le {d}.",
                "Le transporteur a pris du retard, le colis est reparti ce matin.",
            ],
            &["Pouvez-vous livrer l'après-midi ?", "Personne n'a sonné aujourd'hui."],
        ),
        (
            &["Pourriez-vous me renvoyer la facture {n} ?", "La facture indique {a}, nous avions convenu de moins."],
            &["Voici la facture corrigée de {a}.", "Vous avez raison, la remise manquait. L'avoir suit aujourd'hui."],
            &["Merci d'ajouter notre numéro de TVA.", "Le total me semble toujours faux."],
        ),
        (
            &[
                "Nous aimerions une démonstration du {p} pour notre équipe.",
                "Est-il possible de réserver une démo la semaine prochaine ?",
            ],
            &[
                "Avec plaisir. Le {d} à {t} vous convient-il ?",
                "C'est réservé pour le {d} à {t}, le lien arrive par mail.",
            ],
            &["Un collègue pourra-t-il se joindre à nous ?", "La démo sera-t-elle enregistrée ?"],
        ),
        (
            &["Puis-je déplacer mon rendez-vous du {d} ?", "Avez-vous encore un créneau cette semaine à {c} ?"],
            &["Pas de souci, {t} est libre. Je l'ai déplacé.", "Il reste une place le {d} à {t}, je la réserve ?"],
            &["Combien de temps cela prendra-t-il ?", "Faut-il apporter quelque chose ?"],
        ),
        (
            &[
                "Le {p} est arrivé cassé. Comment le retourner ?",
                "Je souhaite retourner la commande {n}, la taille ne va pas.",
            ],
            &[
                "Je suis désolée. L'étiquette de retour est jointe.",
                "Vous avez trente jours, les frais de port sont pour nous.",
            ],
            &["Serai-je remboursé ?", "J'ai jeté le carton, est-ce grave ?"],
        ),
        (
            &["Quel est le prix du {p} pour vingt personnes ?", "Y a-t-il une réduction si nous payons à l'année ?"],
            &["Pour vingt personnes, comptez {a} par mois.", "Oui, deux mois sont offerts à l'année."],
            &["L'installation est-elle comprise ?", "Pouvez-vous m'envoyer un devis ?"],
        ),
    ],
    thanks: &[
        "Merci beaucoup !",
        "Parfait, merci.",
        "Super, bonne journée !",
        "Merci pour votre réponse rapide.",
        "D'accord.",
    ],
    bye: &["Bien à vous,", "Cordialement,", "Belle journée,"],
};

pub(super) static DE: Tongue = Tongue {
    tag: "de",
    hello: &["Guten Tag,", "Hallo,", "Sehr geehrte Damen und Herren,"],
    greet: &["Guten Tag {u},", "Hallo {u},"],
    topics: &[
        (
            &["Wo bleibt meine Bestellung {n}? Sie sollte gestern ankommen.", "Wann wird der {p} nach {c} geliefert?"],
            &[
                "Die Bestellung {n} ist unterwegs und sollte am {d} in {c} sein.",
                "Der Paketdienst hatte Verspätung, es geht heute weiter.",
            ],
            &["Können Sie auch an die Büroadresse liefern?", "Heute hat niemand geklingelt."],
        ),
        (
            &[
                "Können Sie mir die Rechnung zu {n} noch einmal schicken?",
                "Auf der Rechnung stehen {a}, vereinbart war weniger.",
            ],
            &[
                "Anbei die berichtigte Rechnung über {a}.",
                "Sie haben recht, der Rabatt fehlte. Die Gutschrift kommt heute.",
            ],
            &["Bitte ergänzen Sie unsere Umsatzsteuernummer.", "Die Summe stimmt noch immer nicht."],
        ),
        (
            &["Wir würden uns den {p} gern einmal zeigen lassen.", "Können wir nächste Woche eine Vorführung buchen?"],
            &["Sehr gern. Passt Ihnen der {d} um {t}?", "Ich habe Ihnen {t} reserviert, der Link kommt per Mail."],
            &["Darf ein Kollege aus dem Vertrieb dazukommen?", "Uns geht es vor allem um die Auswertungen."],
        ),
        (
            &["Kann ich meinen Termin am {d} verschieben?", "Haben Sie diese Woche noch einen Termin in {c} frei?"],
            &[
                "Kein Problem, {t} ist frei. Ich habe ihn verschoben.",
                "Am {d} um {t} ist noch etwas frei. Soll ich buchen?",
            ],
            &["Wie lange dauert es ungefähr?", "Gibt es Parkplätze in der Nähe?"],
        ),
        (
            &[
                "Der {p} ist beschädigt angekommen. Wie schicke ich ihn zurück?",
                "Ich möchte die Bestellung {n} zurückgeben, die Größe passt nicht.",
            ],
            &[
                "Das tut mir leid. Der Rücksendeschein liegt bei.",
                "Sie haben dreißig Tage Zeit, das Porto übernehmen wir.",
            ],
            &["Bekomme ich das Geld zurück?", "Den Karton habe ich schon weggeworfen."],
        ),
        (
            &["Was kostet der {p} für zwanzig Personen?", "Gibt es einen Rabatt bei jährlicher Zahlung?"],
            &["Für zwanzig Personen sind es {a} im Monat.", "Ja, bei jährlicher Zahlung sparen Sie zwei Monate."],
            &["Ist die Einrichtung enthalten?", "Können Sie mir das als Angebot schicken?"],
        ),
    ],
    thanks: &[
        "Vielen Dank!",
        "Super, danke für die schnelle Antwort.",
        "Perfekt, schönes Wochenende!",
        "Alles klar.",
        "Danke 🙂",
    ],
    bye: &["Mit freundlichen Grüßen", "Viele Grüße", "Beste Grüße"],
};

pub(super) static ES: Tongue = Tongue {
    tag: "es",
    hello: &["Hola,", "Buenos días,", "Buenas tardes,"],
    greet: &["Hola {u},", "Buenos días, {u}:"],
    topics: &[
        (
            &["¿Dónde está mi pedido {n}? Tenía que llegar ayer.", "¿Cuándo llegará el {p} a {c}?"],
            &[
                "El pedido {n} ya salió y llegará a {c} el {d}.",
                "El transportista tuvo un retraso, el paquete sigue en camino.",
            ],
            &["¿Pueden entregarlo por la tarde?", "Hoy nadie tocó el timbre."],
        ),
        (
            &["¿Me pueden enviar otra vez la factura {n}?", "La factura dice {a}, habíamos acordado menos."],
            &["Adjunto la factura corregida por {a}.", "Tiene razón, faltaba el descuento. Hoy le mandamos el abono."],
            &["Por favor, añadan nuestro número fiscal.", "El total sigue sin cuadrar."],
        ),
        (
            &["Nos gustaría ver una demostración del {p}.", "¿Podemos reservar una demo para la próxima semana?"],
            &[
                "Con mucho gusto. ¿Le va bien el {d} a las {t}?",
                "Reservado: {d} a las {t}. El enlace llega por correo.",
            ],
            &["¿Puede unirse una compañera de ventas?", "¿Se va a grabar la sesión?"],
        ),
        (
            &["¿Puedo cambiar mi cita del {d}?", "¿Queda alguna cita libre esta semana en {c}?"],
            &["Sin problema, a las {t} hay sitio. Ya está cambiada.", "Hay un hueco el {d} a las {t}. ¿Lo reservo?"],
            &["¿Cuánto tiempo dura?", "¿Tengo que llevar algo?"],
        ),
        (
            &["El {p} llegó roto. ¿Cómo lo devuelvo?", "Quiero devolver el pedido {n}, la talla no es la correcta."],
            &[
                "Lo siento mucho. Le adjunto la etiqueta de devolución.",
                "Tiene treinta días y el envío lo pagamos nosotros.",
            ],
            &["¿Me devuelven el dinero?", "Ya tiré la caja, ¿hay problema?"],
        ),
        (
            &["¿Cuánto cuesta el {p} para veinte personas?", "¿Hay descuento si pagamos por un año?"],
            &["Para veinte personas son {a} al mes.", "Sí, con el pago anual se ahorra dos meses."],
            &["¿Está incluida la instalación?", "¿Me puede mandar un presupuesto?"],
        ),
    ],
    thanks: &[
        "¡Muchas gracias!",
        "Perfecto, gracias.",
        "Genial, que tenga un buen día.",
        "Vale 👍",
        "De acuerdo, espero noticias.",
    ],
    bye: &["Un saludo,", "Saludos cordiales,", "Atentamente,"],
};

pub(super) static PT: Tongue = Tongue {
    tag: "pt",
    hello: &["Olá,", "Bom dia,", "Boa tarde,"],
    greet: &["Olá {u},", "Bom dia, {u},"],
    topics: &[
        (
            &["Onde está a minha encomenda {n}? Devia ter chegado ontem.", "Quando é que o {p} chega a {c}?"],
            &[
                "A encomenda {n} saiu do armazém e chega a {c} no dia {d}.",
                "A transportadora atrasou-se, mas a caixa já está a caminho.",
            ],
            &["Podem entregar à tarde?", "Hoje ninguém tocou à campainha."],
        ),
        (
            &["Podem enviar-me outra vez a fatura {n}?", "A fatura diz {a}, mas tínhamos combinado menos."],
            &["Segue a fatura corrigida de {a}.", "Tem razão, faltava o desconto. Enviamos hoje a nota de crédito."],
            &["Falta o nosso número de contribuinte.", "O total continua errado."],
        ),
        (
            &["O {p} chegou partido. Como faço a devolução?", "Quero devolver a encomenda {n}, o tamanho não serve."],
            &[
                "Lamento muito. A etiqueta de devolução segue em anexo.",
                "Tem trinta dias e os portes são por nossa conta.",
            ],
            &["Recebo o dinheiro de volta?", "Já deitei fora a caixa, há problema?"],
        ),
        (
            &["Quanto custa o {p} para vinte pessoas?", "Posso mudar a minha marcação do dia {d}?"],
            &["Para vinte pessoas são {a} por mês.", "Claro, às {t} está livre. Já mudei."],
            &["A instalação está incluída?", "Quanto tempo demora?"],
        ),
    ],
    thanks: &["Muito obrigada!", "Perfeito, obrigado.", "Ótimo, bom fim de semana!", "Está bem."],
    bye: &["Com os melhores cumprimentos,", "Cumprimentos,"],
};

pub(super) static IT: Tongue = Tongue {
    tag: "it",
    hello: &["Buongiorno,", "Salve,", "Buonasera,"],
    greet: &["Buongiorno {u},", "Ciao {u},"],
    topics: &[
        (
            &["Dov'è il mio ordine {n}? Doveva arrivare ieri.", "Quando verrà consegnato il {p} a {c}?"],
            &[
                "L'ordine {n} è partito e arriverà a {c} il {d}.",
                "Il corriere è in ritardo, il pacco è di nuovo in viaggio.",
            ],
            &["Potete consegnare nel pomeriggio?", "Oggi nessuno ha suonato."],
        ),
        (
            &["Potete rimandarmi la fattura {n}?", "La fattura riporta {a}, ma avevamo concordato meno."],
            &[
                "In allegato la fattura corretta di {a}.",
                "Ha ragione, mancava lo sconto. Oggi arriva la nota di credito.",
            ],
            &["Serve anche la nostra partita IVA.", "Il totale non mi torna ancora."],
        ),
        (
            &["Vorremmo vedere una dimostrazione del {p}.", "Posso spostare l'appuntamento del {d}?"],
            &["Volentieri. Va bene il {d} alle {t}?", "Certo, alle {t} c'è posto. L'ho spostato."],
            &["Può partecipare anche una collega?", "Quanto dura più o meno?"],
        ),
        (
            &["Il {p} è arrivato rotto. Come lo restituisco?", "Quanto costa il {p} per venti persone?"],
            &["Mi dispiace. L'etichetta per il reso è in allegato.", "Per venti persone sono {a} al mese."],
            &["Mi rimborsate la spedizione?", "Può mandarmi un preventivo?"],
        ),
    ],
    thanks: &["Grazie mille!", "Perfetto, grazie.", "Ottimo, buona giornata!", "Va bene 👍"],
    bye: &["Cordiali saluti,", "Un caro saluto,"],
};
